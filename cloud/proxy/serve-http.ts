import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fly } from '../fly/route';
import type { Target } from './find-target';
import { followReplays } from './follow-replays';
import { ProxyError } from './proxy-error';
import { incomingHeaders, outgoingHeaders } from './request-headers';
import type { Outgoing } from './send-request';

/** Bytes. A longer body is forwarded but cannot be replayed. */
const maxReplayableBytes = 1_000_000;

function keepBody(req: IncomingMessage): Promise<Pick<Outgoing, 'body' | 'rest'>> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const end = (rest: IncomingMessage | null) => {
      req.off('data', onData);
      resolve({ body: Buffer.concat(parts), rest });
    };
    const onData = (part: Buffer) => {
      parts.push(part);
      size += part.length;
      if (size <= maxReplayableBytes) return;
      req.pause();
      end(req);
    };
    req.on('data', onData);
    req.once('end', () => end(null));
    req.once('error', reject);
  });
}

/** Forwards one HTTP request to the gateway, follows its replays, and sends back the response. */
export async function serveHttp(
  fly: Fly,
  first: Target,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  try {
    const kept = await keepBody(req);
    const outgoing = {
      method: req.method ?? 'GET',
      path: req.url ?? '/',
      headers: incomingHeaders(req),
      ...kept,
    };
    const { response, upgraded } = await followReplays(fly, first, outgoing, gone.signal);
    if (upgraded) {
      upgraded.socket.destroy();
      throw new ProxyError(502, 'PU01', 'the app switched protocols without a request for it');
    }
    res.writeHead(response.statusCode ?? 502, outgoingHeaders(response.headers));
    response.once('error', () => res.destroy());
    response.pipe(res);
  } catch (error) {
    refuse(res, error);
  }
}

function refuse(res: ServerResponse, error: unknown): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const known = error instanceof ProxyError ? error : new ProxyError(502, 'PX01', String(error));
  res.writeHead(known.status, { 'content-type': 'text/plain; charset=utf-8', server: 'Fly/local' });
  res.end(`${known.message}\n`);
}
