import type { IncomingMessage } from 'node:http';
import { invalid } from './refusal';

/** Names and paths are short; file contents take other ways. */
const MOST_BYTES = 64 * 1024;

type Fields = Record<string, unknown>;

/** Returns the fields of a request: its query, and the JSON or the form in its body. Throws INVALID_INPUT. */
export async function fieldsOf(request: IncomingMessage, query: URLSearchParams): Promise<Fields> {
  const said: Fields = Object.fromEntries(query);
  if (request.method !== 'POST') return said;
  const body = (await bodyOf(request, MOST_BYTES)).toString();
  if ((request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded'))
    return { ...said, ...Object.fromEntries(new URLSearchParams(body)) };
  try {
    const json: unknown = body === '' ? {} : JSON.parse(body);
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...said, ...json };
  } catch {
    // The error is thrown below.
  }
  throw invalid('The body is no JSON object.');
}

/** Returns the whole body. Throws INVALID_INPUT for more than `most` bytes. */
export async function bodyOf(request: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) throw invalid(`The body has more than ${most} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Returns a text field. Throws INVALID_INPUT with the field's name for any other value. */
export function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw invalid(`${name} is missing or no text.`);
  return value;
}

export const optionalText = (fields: Fields, name: string): string | null =>
  fields[name] === undefined || fields[name] === null ? null : textOf(fields, name);
