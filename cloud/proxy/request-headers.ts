import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { newUlid } from '../fly/ids';
import type { Target } from './find-target';
import type { Replay } from './read-replay';

const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding'];

/** Headers that only the proxy may set; those sent by a client are removed. */
const proxyOnly =
  /^fly-(replay-src|replay-failed|client-ip|forwarded-.*|region|request-id|preferred-instance-.*)$/;

/** Returns the headers of a client's request for the first app behind the proxy. */
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

/** Returns the headers of a replayed request, with the replay's source, time (microseconds) and state. */
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

/** Returns the headers of a response that a proxy may forward. */
export function outgoingHeaders(headers: NodeJS.Dict<string | string[]>): OutgoingHttpHeaders {
  const next: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !hopByHop.includes(name) && name !== 'upgrade') next[name] = value;
  }
  return { ...next, via: '1.1 fly.io', server: 'Fly/local' };
}
