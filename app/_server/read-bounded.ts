import type { IncomingMessage } from 'node:http';
import { TooLarge } from '@/server/errors';

/** Largest request body of people, programs and machines. */
const MOST_BYTES = 64 * 1024;

/** Requests whose body was read from the connection before they were made, and whether it was too large to be kept. */
const read = new WeakMap<Request, 'whole' | 'too large'>();

/** Returns the same request with its body read. Throws TooLarge once it is; a length that lies does not help. */
export async function readBounded(request: Request, most: number = MOST_BYTES): Promise<Request> {
  if (request.method === 'GET' || request.method === 'HEAD') return request;
  if (read.get(request) === 'too large') throw tooLarge(MOST_BYTES);
  if (!request.body || (read.has(request) && most >= MOST_BYTES)) return request;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > most) throw tooLarge(most);
    chunks.push(chunk);
  }
  return new Request(request.url, {
    method: request.method,
    headers: request.headers,
    body: Buffer.concat(chunks),
  });
}

const tooLarge = (most: number) => new TooLarge(`The request body is larger than ${most / 1024} KiB.`);

/** A request made of a message and its body as `readMessage` returned it; one that is too large is refused by `readBounded`. */
export function requestOf(url: string, init: RequestInit, body: Uint8Array<ArrayBuffer> | null): Request {
  const request = new Request(url, { ...init, body });
  read.set(request, body ? 'whole' : 'too large');
  return request;
}

/** The body of a message as it comes from its connection, or null when it is larger than any may be. */
export function readMessage(message: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    message.on('data', (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size > MOST_BYTES) resolve(null);
      else chunks.push(chunk);
    });
    message.on('end', () => resolve(Buffer.concat(chunks)));
    message.on('error', reject);
    message.on('close', () => reject(new Error('The connection ended before the request did.')));
  });
}
