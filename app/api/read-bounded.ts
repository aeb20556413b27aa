import { TooLarge } from '@/server/errors';

/** Largest request body of people, programs and machines. */
const MOST_BYTES = 64 * 1024;

/** Returns the same request with its body read. Throws TooLarge once it is; a length that lies does not help. */
export async function readBounded(request: Request, most: number = MOST_BYTES): Promise<Request> {
  if (request.method === 'GET' || request.method === 'HEAD' || !request.body) return request;
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
