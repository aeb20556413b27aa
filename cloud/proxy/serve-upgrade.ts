import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Fly } from '../fly/route';
import type { Target } from './find-target';
import { followReplays } from './follow-replays';
import { ProxyError } from './proxy-error';
import { incomingHeaders, outgoingHeaders } from './request-headers';
import { readAll } from './send-request';

/**
 * Forwards one upgrade to the gateway and follows its replays. A target that responds with 101 gets the connection;
 * any other final response goes back to the client unchanged.
 */
export async function serveUpgrade(
  fly: Fly,
  first: Target,
  req: IncomingMessage,
  client: Duplex,
  head: Buffer,
): Promise<void> {
  const gone = new AbortController();
  client.on('error', () => client.destroy());
  client.once('close', () => gone.abort());
  try {
    const headers = {
      ...incomingHeaders(req),
      connection: 'Upgrade',
      upgrade: req.headers.upgrade ?? 'websocket',
    };
    const outgoing = { method: 'GET', path: req.url ?? '/', headers, body: Buffer.alloc(0), rest: null };
    const { response, upgraded } = await followReplays(fly, first, outgoing, gone.signal);
    if (upgraded) join(client, head, response, upgraded.socket, upgraded.head);
    else await passAnswer(client, response);
  } catch (error) {
    const known = error instanceof ProxyError ? error : new ProxyError(502, 'PX01', String(error));
    writeHead(client, known.status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
    client.end(`${known.message}\n`);
  }
}

function writeHead(client: Duplex, status: number, headers: NodeJS.Dict<number | string | string[]>): void {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`];
  for (const [name, value] of Object.entries(headers)) {
    for (const one of [value ?? []].flat()) lines.push(`${name}: ${one}`);
  }
  client.write(`${lines.join('\r\n')}\r\n\r\n`);
}

function join(
  client: Duplex,
  head: Buffer,
  response: IncomingMessage,
  target: Duplex,
  targetHead: Buffer,
): void {
  if (client.destroyed) {
    target.destroy();
    return;
  }
  (client as Socket).setNoDelay?.(true);
  (target as Socket).setNoDelay?.(true);
  const headers = {
    ...outgoingHeaders(response.headers),
    connection: 'Upgrade',
    upgrade: response.headers.upgrade,
  };
  writeHead(client, 101, headers);
  if (targetHead.length > 0) client.write(targetHead);
  if (head.length > 0) target.write(head);
  target.on('error', () => client.destroy());
  client.on('error', () => target.destroy());
  target.once('close', () => client.destroy());
  client.once('close', () => target.destroy());
  client.pipe(target);
  target.pipe(client);
}

async function passAnswer(client: Duplex, response: IncomingMessage): Promise<void> {
  const body = await readAll(response);
  const headers = {
    ...outgoingHeaders(response.headers),
    connection: 'close',
    'content-length': body.length,
  };
  writeHead(client, response.statusCode ?? 502, headers);
  client.end(body);
}
