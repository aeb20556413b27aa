import type { IncomingMessage } from 'node:http';
import { TooLarge } from '@/server/errors';

/** Largest request body, except for webhooks of the payment provider. */
const MAX_BODY_BYTES = 64 * 1024;

/** Requests whose body was already read from the connection. */
const read = new WeakSet<Request>();

/**
 * Returns the same request with its body read. Throws TooLarge when the body exceeds `most` bytes, whatever its length
 * header says.
 */
export async function readBounded(request: Request, most: number = MAX_BODY_BYTES): Promise<Request> {
  if (request.method === 'GET' || request.method === 'HEAD') return request;
  if (!request.body || (read.has(request) && most >= MAX_BODY_BYTES)) return request;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > most) throw new TooLarge(`The request body is larger than ${most / 1024} KiB.`);
    chunks.push(chunk);
  }
  return new Request(request.url, {
    method: request.method,
    headers: request.headers,
    body: Buffer.concat(chunks),
  });
}

/** Whether a message announces a body within the limit; the HTTP parser enforces the announced length. */
export const isSmall = ({ headers }: IncomingMessage): boolean =>
  Number(headers['content-length']) <= MAX_BODY_BYTES;

/** Builds a request from a small message: its body is read once, from the connection. */
export async function requestOf(url: string, init: RequestInit, message: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  const request = new Request(url, { ...init, body: Buffer.concat(chunks) });
  read.add(request);
  return request;
}
