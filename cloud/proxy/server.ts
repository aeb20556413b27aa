import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import type { StartedFly } from '../fly/server';
import { listen, type StartedPart } from '../http';
import type { Target } from './find-target';
import { serveHttp } from './serve-http';
import { serveUpgrade } from './serve-upgrade';

interface ProxyOptions {
  port: number;
  /** Where requests go first. */
  gatewayUrl: string;
  fly: StartedFly;
}

/**
 * The proxy in front of everything: asks the gateway, and when the gateway answers with a replay, sends the very same
 * request to that machine. Then the gateway is out of the path. It never starts a machine.
 */
export async function startProxy({ port, gatewayUrl, fly }: ProxyOptions): Promise<StartedPart> {
  const { hostname, port: gatewayPort } = new URL(gatewayUrl);
  const gateway: Target = {
    host: hostname,
    port: Number(gatewayPort || 80),
    instance: 'gateway',
    region: 'local',
    app: null,
    retry: false,
  };
  const server = createServer((req, res) => void serveHttp(fly, gateway, req, res));
  const open = new Set<Duplex>();
  server.on('upgrade', (req, socket, head) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    void serveUpgrade(fly, gateway, req, socket, head);
  });
  return {
    port: await listen(server, port, 'Fly proxy', 'CLOUD_PROXY_PORT'),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
        for (const socket of open) socket.destroy();
      }),
  };
}
