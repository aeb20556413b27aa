import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ctx } from '@/server/context';
import { registry } from '@/server/metrics';
import { failingParts } from '@/server/readiness';

export type Health = { port: number; close(): Promise<void> };

/** Serves `/healthz`, `/readyz` and `/metrics` of a worker process. */
export async function serveHealth(port: number, ctx: Ctx): Promise<Health> {
  const server = createServer(async (request, response) => {
    const answer = (status: number, type: string, body: string) => {
      response.writeHead(status, { 'Content-Type': type }).end(body);
    };
    switch (request.url?.split('?')[0]) {
      case '/healthz':
        return answer(200, 'text/plain', 'ok\n');
      case '/readyz': {
        const failing = await failingParts(ctx, () => ctx.jobs.ping());
        return answer(
          failing.length === 0 ? 200 : 503,
          'application/json',
          JSON.stringify({ ready: failing.length === 0, failing }),
        );
      }
      case '/metrics':
        return answer(200, registry.contentType, await registry.metrics());
      default:
        return answer(404, 'text/plain', 'There is nothing here.\n');
    }
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
