import { createServer, connect as openSocket, type Socket } from 'node:net';
import type { Chance } from '../simulation/events';

/**
 * One address in front of several web processes, like a load balancer: each connection goes to a process that accepts
 * it.
 */
export type Front = { url: string; targets: number[]; close(): Promise<void> };

/** Opens the front on a free port; `targets` (ports) may be changed at any time. */
export async function openFront(chance: Chance): Promise<Front> {
  const open = new Set<Socket>();
  const front: Front = { url: '', targets: [], close: async () => {} };
  const server = createServer((client) => {
    open.add(client);
    client.on('close', () => open.delete(client));
    client.on('error', () => client.destroy());
    const from = chance.between(0, 1_000);
    tryTarget(
      client,
      front.targets.map((_, i, all) => all[(from + i) % all.length] as number),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  front.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  front.close = () =>
    new Promise((done) => {
      for (const socket of open) socket.destroy();
      server.close(() => done());
    });
  return front;
}

function tryTarget(client: Socket, [port, ...others]: number[]): void {
  if (port === undefined || client.destroyed) return void client.destroy();
  const target = openSocket({ port, host: '127.0.0.1' });
  let taken = false;
  target.once('connect', () => {
    taken = true;
    client.pipe(target);
    target.pipe(client);
  });
  target.on('error', () => (taken ? client.destroy() : tryTarget(client, others)));
  target.on('close', () => taken && client.destroy());
  client.on('close', () => target.destroy());
}
