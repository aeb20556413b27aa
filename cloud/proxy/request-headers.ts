import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { newUlid } from '../fly/ids';
import type { Target } from './find-target';
import type { Replay } from './read-replay';

const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding'];

/** What only the proxy may say about a request; a client that sends these is not believed. */
const proxyOnly =
  /^fly-(replay-src|replay-failed|client-ip|forwarded-.*|region|request-id|preferred-instance-.*)$/;

/** The headers of a client's request as the first app behind the proxy sees them. */
export function incomingHeaders(req: IncomingMessage): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(req.headers)) {
    if (value !== undefined && !hopByHop.includes(name) && !proxyOnly.test(name)) headers[name] = value;
  }
  const ip = (req.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const port = String(req.socket.localPort ?? '');
  const before = req.headers['x-forwarded-for'];
  return {
    ...headers,
    'fly-client-ip': ip,
    'fly-forwarded-port': port,
    'fly-forwarded-proto': 'http',
    'fly-region': 'iad',
    'fly-request-id': `${newUlid()}-iad`,
    'x-forwarded-for': before ? `${String(before)}, ${ip}` : ip,
    'x-forwarded-port': port,
    'x-forwarded-proto': 'http',
    'x-forwarded-ssl': 'off',
    via: '1.1 fly.io',
  };
}

/** The same request for the target of a replay: who sent it on, when (microseconds), and the state that goes along. */
export function replayedHeaders(
  headers: OutgoingHttpHeaders,
  replay: Replay,
  from: Target,
): OutgoingHttpHeaders {
  const source = [`instance=${from.instance}`, `region=${from.region}`, `t=${Math.round(Date.now() * 1000)}`];
  if (replay.state !== undefined) source.push(`state=${replay.state}`);
  const next: OutgoingHttpHeaders = { ...headers, 'fly-replay-src': source.join(';') };
  for (const name of replay.transform?.delete_headers ?? []) delete next[name.toLowerCase()];
  for (const { name, value } of replay.transform?.set_headers ?? []) next[name.toLowerCase()] = value;
  return next;
}

/** The headers of an answer that a proxy may pass on. */
export function outgoingHeaders(headers: NodeJS.Dict<string | string[]>): OutgoingHttpHeaders {
  const next: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !hopByHop.includes(name) && name !== 'upgrade') next[name] = value;
  }
  return { ...next, via: '1.1 fly.io', server: 'Fly/local' };
}
