import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Sql } from '@/db/client';
import { migrateDatabase } from '@/db/migrate';
import type { openOperatorContext } from '@/operator/context';
import { findFreePort } from '@/scripts/services/processes';
import type { Stack } from '@/scripts/stack';
import { Part } from '@/scripts/stack-part';
import { createAccount } from '@/server/account/create-account';
import { asOwner } from '../world';
import type { Edges } from './edges/edges';
import { insist } from './insist';
import { shiftDatabase } from './shift';
import type { TruthMachine } from './truth';

/**
 * A second installation by mistake: a timekeeper on its own database with the same provider, organisation and
 * ENVIRONMENT_ID. It even has accounts of the first one, and a machine in the app of an account both have.
 */

export type OtherInstallation = {
  id: string;
  /** Adds an account of the first installation, as if the database were a copy. */
  knows(accountId: string): Promise<void>;
  /** Counts what the second installation did, and what was done to it. */
  judge(edges: Edges, machines: TruthMachine[]): void;
  close(): Promise<void>;
};

type Options = {
  dir: string;
  stack: Stack;
  databaseUrl: string;
  shiftMs: number;
  first: { id: string; operator: ReturnType<typeof openOperatorContext> };
};

const NAME = 'worker99';

export async function openOther({
  dir,
  stack,
  databaseUrl,
  shiftMs,
  first,
}: Options): Promise<OtherInstallation> {
  const url = Object.assign(new URL(databaseUrl), { pathname: '/second' }).href;
  await asOwner(databaseUrl, (owner) => owner.unsafe('create database second'));
  await migrateDatabase(url);
  await shiftDatabase(url, shiftMs);
  const [row] = await asOwner(url, (owner) => owner<{ id: string }[]>`select id from installation`);
  const id = row?.id ?? '';
  const relay = await openRelay(stack.env.FLY_API_URL ?? '');
  const worker = await startWorker(dir, stack, { DATABASE_URL: url, FLY_API_URL: relay.url });
  const knows = (accountId: string) =>
    asOwner(url, async (owner) => {
      await owner`
        insert into account (id, name, status, own_plan_id) values (${accountId}, 'Known', 'active', 'free')
        on conflict do nothing`;
    });
  const { accountId } = await createAccount(first.operator.ctx, { email: 'shared@hourglass.test' });
  await knows(accountId);
  const { machineId, runId } = await makeMachine(stack, accountId, id);
  await asOwner(url, (owner) => writeRun(owner, { runId, accountId, machineId }));
  return {
    id,
    knows,
    judge: (edges, machines) => {
      for (const call of relay.changes) edges.saw('otherCalls', 1, call);
      edges.saw('otherCalls', 0);
      const machine = machines.find((one) => one.id === machineId);
      edges.saw('otherLost', machine?.state === 'started' ? 0 : 1, `${machineId} is ${machine?.state}`);
      const names = (file: string, other: string) => read(dir, file).includes(other);
      const ours = names('worker', id) || names('worker2', id);
      edges.saw('otherUnnamed', ours ? 0 : 1, 'by the first');
      edges.saw('otherUnnamed', names(NAME, first.id) ? 0 : 1, 'by the second');
    },
    close: async () => {
      await worker.end('SIGTERM');
      await relay.close();
    },
  };
}

/** The log message of a process that found another installation. */
const read = (dir: string, name: string): string => {
  try {
    const lines = readFileSync(join(dir, 'logs', `${name}.log`), 'utf8').split('\n');
    return lines.filter((line) => line.includes('other_installation')).join('\n');
  } catch {
    return '';
  }
};

async function startWorker(dir: string, stack: Stack, more: Record<string, string>): Promise<Part> {
  const port = await findFreePort();
  const redis = Object.assign(new URL(stack.env.REDIS_URL ?? ''), { pathname: '/1' }).href;
  const env = { ...stack.env, ...more, REDIS_URL: redis, WORKER_PORT: String(port), STRIPE_SECRET_KEY: '' };
  const worker = new Part(
    NAME,
    {
      args: ['scripts/start.mjs', 'worker'],
      env: { ...env, NODE_ENV: 'production' },
      readyUrl: `http://127.0.0.1:${port}/readyz`,
    },
    { dir },
  );
  await worker.begin();
  return worker;
}

/** Creates a machine as the second installation would; it runs until it is ended. */
async function makeMachine(stack: Stack, accountId: string, installationId: string) {
  const app = `hg-dev-${accountId}`;
  const post = (base: string, path: string, body: object) =>
    insist(async () => {
      const headers = { 'content-type': 'application/json', authorization: 'Bearer local' };
      const response = await fetch(`${base}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
      return (await response.json()) as { id: string };
    }, 30_000);
  const api = `${stack.env.FLY_API_URL}/v1`;
  await post(stack.controlUrl, '/control/behaviour', { kind: 'silent', match: { app } });
  await post(api, '/apps', { app_name: app, name: app, org_slug: 'local', network: app });
  const runId = randomUUID();
  const metadata = {
    hourglass_env: 'dev',
    hourglass_installation: installationId,
    hourglass_session: randomUUID(),
    hourglass_run: runId,
  };
  const config = { image: 'hourglass-machine', auto_destroy: true, restart: { policy: 'no' }, metadata };
  const { id } = await post(api, `/apps/${app}/machines`, { name: `run-${runId}`, region: 'iad', config });
  return { machineId: id, runId };
}

/** Inserts its run into the second installation's database; it runs for a day. */
async function writeRun(
  owner: Sql,
  { runId, accountId, machineId }: Record<'runId' | 'accountId' | 'machineId', string>,
) {
  await owner`
    insert into session (id, account_id, name, agent, region, size, created_at)
    values (${`s-${runId}`}, ${accountId}, 'Second', 'bash', 'iad', 'standard', hg_clock())`;
  await owner.begin(async (tx) => {
    await tx`
      insert into run (id, account_id, session_id, status, machine_id, region, admitted_at, started_at, metered_to, proof_at,
        lease_ms, lease_until, due_at)
      select ${runId}, ${accountId}, ${`s-${runId}`}, 'running', ${machineId}, 'iad', at, at, at, at, 86400000,
        at + interval '1 day', at + interval '1 day' from (select hg_clock() as at) t`;
    await tx`insert into lease (run_id, account_id, segments) values (${runId}, ${accountId}, '[]')`;
  });
}

/** Forwards every call to the provider, and records those that would change something there. */
async function openRelay(target: string) {
  const changes: string[] = [];
  const server = createServer(async (request, response) => {
    if (request.method !== 'GET') changes.push(`${request.method} ${request.url}`);
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const answer = await fetch(`${target}${request.url}`, {
        method: request.method,
        headers: { authorization: 'Bearer local', 'content-type': 'application/json' },
        body: chunks.length > 0 ? Buffer.concat(chunks) : undefined,
        signal: AbortSignal.timeout(15_000),
      });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    } catch {
      response.destroy();
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    changes,
    close: () => new Promise((done) => server.close(done).closeAllConnections()),
  };
}
