import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Fly } from '../fly/route';
import { listen, type StartedPart } from '../http';
import type { Target } from './find-target';
import { serveHttp } from './serve-http';
import { serveUpgrade } from './serve-upgrade';

export interface ProxyOptions {
  port: number;
  /** URL of the app that owns the public address. */
  gatewayUrl: string;
  fly: Fly;
}

/**
 * Starts the local Fly proxy. Every request goes to the gateway first. When the gateway responds with a replay, the
 * same request goes to the named machine, and the gateway is out of the path.
 */
export async function startProxy(options: ProxyOptions): Promise<StartedPart> {
  const { fly } = options;
  const url = new URL(options.gatewayUrl);
  const gateway: Target = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 80),
    instance: 'gateway',
    region: 'iad',
    app: null,
    retry: false,
  };
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (req, res) => void serveHttp(fly, gateway, req, res));
  server.on('upgrade', (req, socket, head) => void serveUpgrade(fly, gateway, req, socket, head));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const port = await listen(server, options.port, 'Fly proxy', 'CLOUD_PROXY_PORT');
  return {
    port,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
