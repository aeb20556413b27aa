import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDoor } from './doors';
import { readBounded } from './read-bounded';

/** The server behind the doors, as in the web process. */
let server: Server;
let url: string;
const seen: Request[] = [];
async function read(request: Request): Promise<Response> {
  seen.push(request);
  return Response.json({ path: new URL(request.url).search }, { headers: { 'x-request-id': 'one' } });
}
async function write(request: Request): Promise<Response> {
  seen.push(request);
  const bounded = await readBounded(request).catch(() => null);
  if (!bounded) return new Response(null, { status: 413 });
  const cookies: [string, string][] = [
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
  ];
  return new Response(await bounded.text(), { status: 402, headers: cookies });
}
beforeAll(async () => {
  openDoor(/^\/api\/door\/[^/]+$/, { GET: read, POST: write });
  const doors = (globalThis as never)[Symbol.for('hourglass.doors')] as {
    answer: (...args: unknown[]) => boolean;
  };
  server = createServer((message, response) => {
    if (!doors.answer(message, response)) response.writeHead(404).end('behind');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(
  () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
);

describe('a door', () => {
  it('SESSION-71 answers its own paths and methods with the headers of the API, and leaves the rest to the server behind it', async () => {
    const answer = await fetch(`${url}/api/door/one?x=1`, {
      headers: { 'accept-encoding': 'gzip', 'x-mine': 'ü' },
    });
    expect(await answer.json()).toEqual({ path: '?x=1' });
    expect(seen.at(-1)?.headers.get('x-mine')).toBe('ü');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-request-id': 'one',
      'content-length': '15',
    });
    expect(answer.headers.has('content-encoding')).toBe(false);
    for (const [path, method] of [
      ['/api/door', 'GET'],
      ['/api/door/', 'GET'],
      ['/api/door/one/two', 'GET'],
      ['//api/door/one', 'GET'],
      ['/api/doors/one', 'GET'],
      ['/api/door/one', 'PUT'],
      ['/api/door/one', 'OPTIONS'],
    ] as const)
      expect((await fetch(url + path, { method })).status, `${method} ${path}`).toBe(404);
  });

  it('SESSION-71 passes a body on, and every cookie back', async () => {
    for (const body of ['{"a":"ü"}', '']) {
      const answer = await fetch(`${url}/api/door/one`, { method: 'POST', body });
      expect([answer.status, await answer.text()]).toEqual([402, body]);
      expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    }
  });

  it('SESSION-71 leaves a request with a large body, or one of unknown length, to the server behind it', async () => {
    const large = await fetch(`${url}/api/door/one`, { method: 'POST', body: 'x'.repeat(70_000) });
    expect(large.status).toBe(404);
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(1));
        controller.close();
      },
    });
    const chunked = await fetch(`${url}/api/door/one`, {
      method: 'POST',
      body,
      duplex: 'half',
    } as RequestInit);
    expect(chunked.status).toBe(404);
  });

  it('SESSION-71 survives a caller that disconnects in the middle of a body', async () => {
    const asked = seen.length;
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('POST /api/door/one HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf');
    await new Promise<void>((resolve) => server.once('request', () => resolve()));
    socket.destroy();
    expect((await fetch(`${url}/api/door/one`)).status).toBe(200);
    expect(seen.length).toBe(asked + 1);
  });
});
