import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { ADDRESS_HEADER, PEER_HEADER } from '@/server/http/address';

/** Notes on every request who is at the other end of its connection: routes see headers only. Call it once, before the first request. */
export function notePeers(): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage };
    delete request.headers[ADDRESS_HEADER];
    request.headers[PEER_HEADER] = request.socket.remoteAddress ?? '';
  });
}
