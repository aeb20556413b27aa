import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Grant } from '@/server/run/grants';
import { Stage } from './simulation/stage';

/** What tests of the gateway's doors share: a stage, a server in front of it, and accesses by key. */

export type DoorStage = { stage: Stage; server: Server; port: number; close(): Promise<void> };

/** Opens a stage and a server on a free port whose requests and upgrades `wire` handles. */
export async function openDoorStage(wire: (server: Server, stage: Stage) => void): Promise<DoorStage> {
  const stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z') });
  const server = createServer();
  wire(server, stage);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    stage,
    server,
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await stage.world.close();
    },
  };
}

/** Creates an API key of the account; returns its id, and the grant it gives. */
export async function keyOf(stage: Stage, accountId: string): Promise<{ apiKeyId: string; grant: Grant }> {
  const id = randomUUID();
  await stage.ctx.sql`
    insert into api_key (id, account_id, name, scopes, prefix, hash, created_by)
    values (${id}, ${accountId}, 'k', ${['session:write']}, 'hg_', ${id}, 'u')`;
  return { apiKeyId: id, grant: `key_${id}` };
}

/** Starts a session of a new account whose machine has called, with a key of the account. */
export async function runningByKey(stage: Stage) {
  const accountId = await stage.account();
  const started = await stage.started(accountId);
  await stage.pass(100);
  await stage.call(started.runId, 0, 'running');
  return { ...started, accountId, ...(await keyOf(stage, accountId)) };
}
