/** Largest request body of people, programs and machines. */
const MOST_BYTES = 64 * 1024;

/** The same request with its body read and bounded, or the 413 to answer with. A length that lies does not help. */
export async function readBounded(request: Request, most: number = MOST_BYTES): Promise<Request | Response> {
  if (request.method === 'GET' || request.method === 'HEAD' || !request.body) return request;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > most) return tooLarge(most);
    chunks.push(chunk);
  }
  return new Request(request.url, {
    method: request.method,
    headers: request.headers,
    body: Buffer.concat(chunks),
  });
}

function tooLarge(most: number): Response {
  const message = `The request body is larger than ${most / 1024} KiB.`;
  const data = { code: 'PAYLOAD_TOO_LARGE', httpStatus: 413, reason: 'INVALID_INPUT' };
  return Response.json({ error: { message, code: -32013, data } }, { status: 413 });
}
