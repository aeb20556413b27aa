import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * Longer than a start at a slow provider, and shorter than the ten seconds after which the platform kills a process.
 */
const DRAIN_MS = 9_000;

type Started = { request: IncomingMessage; response: ServerResponse; server: Server };

/**
 * On SIGTERM or SIGINT stops taking connections, lets running requests finish, calls `close` and exits with 0, after
 * nine seconds at the latest. Call it once, before the first request.
 */
export function drainOnSignal(close: () => Promise<void>): void {
  const servers = new Set<Server>();
  const underWay = new Set<ServerResponse>();
  let draining = false;
  let allEnded = () => {};
  subscribe('http.server.request.start', (message) => {
    const { response, server } = message as Started;
    servers.add(server);
    underWay.add(response);
    if (draining) response.shouldKeepAlive = false;
    response.once('close', () => {
      underWay.delete(response);
      if (!draining) return;
      server.closeIdleConnections();
      if (underWay.size === 0) allEnded();
    });
  });
  const drain = async () => {
    if (draining) return;
    draining = true;
    setTimeout(() => process.exit(0), DRAIN_MS).unref();
    for (const response of underWay) response.shouldKeepAlive = false;
    for (const server of servers) server.close();
    if (underWay.size > 0) await new Promise<void>((resolve) => (allEnded = resolve));
    await close();
    process.exit(0);
  };
  process.on('SIGTERM', () => void drain());
  process.on('SIGINT', () => void drain());
}
