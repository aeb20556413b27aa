import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { settingsProblem } from '@/db/check-settings';
import { openDatabase } from '@/db/client';
import { surviveCutConnections } from '@/db/guard';
import { systemClock } from '@/server/clock';
import { readEnv, secretsOf } from '@/server/env';
import { makeLog } from '@/server/log';
import { registry } from '@/server/metrics';
import { failingParts } from '@/server/readiness';
import { refuseUnfit } from '@/server/refuse-unfit';
import { MachineDoors } from './doors';
import { PortDoors } from './ports';
import { openTerminalDoor } from './terminal';

/**
 * The gateway: authorizes a request and names the machine to replay it to. No byte of a terminal, a file or a command
 * passes through it.
 */

const env = readEnv();
const log = makeLog('gateway', env.LOG_LEVEL, secretsOf(env));
surviveCutConnections((err, survived) =>
  survived ? log.warn({ err }, 'PostgreSQL cut a connection') : log.fatal({ err }, 'uncaught error'),
);
const database = openDatabase(env.DATABASE_URL, { applicationName: 'hourglass-gateway', max: 5 });
const ctx = { env, sql: database.sql, clock: systemClock, log };
void refuseUnfit([() => settingsProblem(ctx.sql)], (why) => {
  log.fatal(why);
  process.exit(1);
});

const doors = new MachineDoors(ctx);
const ports = new PortDoors(ctx);
const server = createServer(async (request, response) => {
  if (ports.request(request, response) || doors.request(request, response)) return;
  const answer = (status: number, type: string, body: string) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };
  switch (request.url?.split('?')[0]) {
    case '/healthz':
      return answer(200, 'text/plain', 'ok\n');
    case '/readyz': {
      // The gateway needs PostgreSQL only.
      const failing = await failingParts(ctx, async () => {});
      return answer(
        failing.length === 0 ? 200 : 503,
        'application/json',
        JSON.stringify({ ready: failing.length === 0, failing }),
      );
    }
    case '/metrics':
      return answer(200, registry.contentType, await registry.metrics());
    default:
      return answer(404, 'text/plain', 'Terminals are opened over WebSocket.\n');
  }
});
// Requests are answered at once and never held, so these limits keep slow or numerous connections from blocking others.
server.maxConnections = 10_000;
server.headersTimeout = 10_000;
server.requestTimeout = 10_000;
const door = openTerminalDoor(ctx);
server.on('upgrade', (request, socket, head) => {
  if (!ports.upgrade(request, socket) && !doors.upgrade(request, socket))
    void door.upgrade(request, socket, head);
});
server.on('error', (error) => {
  log.fatal({ err: error }, `the gateway cannot listen on port ${env.GATEWAY_PORT}`);
  process.exit(1);
});
server.listen(env.GATEWAY_PORT, () =>
  log.info({ port: (server.address() as AddressInfo).port }, 'gateway ready'),
);

/** Shorter than the ten seconds after which the platform kills a process. */
const DRAIN_MS = 9_000;

let draining = false;
/** Takes no new connection, lets open requests finish and closes the database. */
async function drain(): Promise<void> {
  if (draining) return;
  draining = true;
  setTimeout(() => process.exit(0), DRAIN_MS).unref();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await closed;
  door.close();
  await database.close();
  process.exit(0);
}
process.on('SIGTERM', () => void drain());
process.on('SIGINT', () => void drain());
