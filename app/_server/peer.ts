import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { ADDRESS_HEADER, PEER_HEADER } from '@/server/http/address';

/**
 * Adds the address of the connection's peer to every request as a header, because routes see headers only. Call it
 * once, before the first request.
 */
export function notePeers(): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage };
    delete request.headers[ADDRESS_HEADER];
    request.headers[PEER_HEADER] = request.socket.remoteAddress ?? '';
  });
}
