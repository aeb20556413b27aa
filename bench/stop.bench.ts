import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { createClient, type HourglassClient } from '@/client';
import { migrateDatabase } from '@/db/migrate';
import { openOperatorContext } from '@/operator/context';
import { buildAll } from '@/scripts/build-all';
import { startPostgres } from '@/scripts/services/postgres';
import { waitFor } from '@/scripts/services/processes';
import { startRedis } from '@/scripts/services/redis';
import { startStack } from '@/scripts/stack';
import { adjustAccountUsage } from '@/server/account/adjust-usage';
import { createAccount } from '@/server/account/create-account';
import { readConnectToken, replayStateOf } from '@/server/run/tokens';
import { sizeOf } from './sizes';
import { figure, printTable, quantile } from './table';

/**
 * How late machines stop after the end of their lease, for honest and for silent machines; and terminal echo through
 * gateway and proxy beside the echo straight from the machine. All processes are real.
 */

const EACH = sizeOf('BENCH_MACHINES', 50, 2);
const ECHOES = sizeOf('BENCH_ECHOES', 300, 20);
const SECONDS_LEFT = sizeOf('BENCH_SECONDS', 12, 7);
const AUTH_SECRET = 'bench-secret-bench-secret-bench-secret';
const dir = mkdtempSync(join(tmpdir(), 'hourglass-bench-'));

const [postgres, redis] = await Promise.all([startPostgres(), startRedis(), buildAll({})]);
await migrateDatabase(postgres.url);
const stack = await startStack({
  dir,
  databaseUrl: postgres.url,
  redisUrl: redis.url,
  authSecret: AUTH_SECRET,
  env: {
    LEASE_MAX_SECONDS: '60',
    LEASE_MIN_SECONDS: '5',
    LEASE_GUARD_SECONDS: '1',
    MIN_START_SECONDS: '5',
    START_RATE_PER_MINUTE: '10000',
  },
});
const operator = openOperatorContext({ AUTH_SECRET, DATABASE_URL: postgres.url });

type Truth = {
  id: string;
  port: number;
  metadata: Record<string, string>;
  intervals: { startedAt: number; stoppedAt: number | null }[];
};
const control = async <T>(path: string, body?: unknown): Promise<T> => {
  const init =
    body === undefined
      ? {}
      : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  return (await fetch(`${stack.controlUrl}${path}`, init)).json() as Promise<T>;
};

let people = 0;
async function person(leftSeconds: number | null): Promise<{ accountId: string; api: HourglassClient }> {
  const made = await createAccount(operator.ctx, { email: `bench-${++people}@hourglass.test` });
  if (leftSeconds !== null) {
    await adjustAccountUsage(operator.ctx, {
      actor: 'operator',
      accountId: made.accountId,
      seconds: 4 * 3600 - leftSeconds,
      reason: 'bench',
    });
  }
  return { accountId: made.accountId, api: createClient({ url: stack.appUrl, apiKey: made.apiKey }) };
}

/** Starts `EACH` accounts with a few seconds left each; returns how long each machine outlived its lease, in ms. */
async function lateness(kind: 'normal' | 'silent'): Promise<number[]> {
  await control('/control/behaviour', { kind });
  const accounts: string[] = [];
  for (let i = 0; i < EACH; i++) {
    const { accountId, api } = await person(SECONDS_LEFT);
    const { id } = await api.session.create.mutate({ name: 'late?' });
    await api.session.start.mutate({ sessionId: id });
    accounts.push(accountId);
  }
  const open = () =>
    operator.ctx.sql`select 1 from run where account_id = any(${accounts}) and ended_at is null`;
  if (!(await waitFor(async () => (await open()).length === 0, 120_000, 250)))
    throw new Error('some machines never ended');
  const runs = await operator.ctx.sql<{ id: string; lease_until: number }[]>`
    select id, lease_until from run where account_id = any(${accounts})`;
  const machines = await control<Truth[]>('/control/machines');
  return runs.map((run) => {
    const interval = machines.find((machine) => machine.metadata.hourglass_run === run.id)?.intervals[0];
    return (interval?.stoppedAt ?? Number.NaN) - run.lease_until;
  });
}

/** Returns round trips of one key through an echoing terminal, in ms. */
async function echo(ws: WebSocket): Promise<number[]> {
  await new Promise((resolve, reject) => ws.on('open', resolve).on('error', reject));
  const times: number[] = [];
  ws.send(JSON.stringify({ type: 'input', data: 'stty -icanon; cat > /dev/null\n' }));
  await waitFor(() => false, 800, 100);
  for (let i = 0; i < ECHOES; i++) {
    const key = String.fromCharCode(97 + (i % 26));
    const from = performance.now();
    const heard = new Promise<void>((resolve) => {
      const listen = (data: WebSocket.RawData, isBinary: boolean) => {
        if (!isBinary || !data.toString().includes(key)) return;
        ws.off('message', listen);
        resolve();
      };
      ws.on('message', listen);
    });
    ws.send(JSON.stringify({ type: 'input', data: key }));
    await heard;
    times.push(performance.now() - from);
  }
  ws.close();
  return times;
}

async function echoes(): Promise<{ through: number[]; straight: number[] }> {
  await control('/control/behaviour', { kind: 'normal' });
  const { api } = await person(null);
  const { id } = await api.session.create.mutate({ name: 'echo' });
  await api.session.start.mutate({ sessionId: id });
  await waitFor(async () => (await api.session.get.query({ sessionId: id })).status === 'running', 20_000);
  const { url, token } = await api.session.connect.mutate({ sessionId: id });
  const through = await echo(new WebSocket(`${url}?tab=2`, ['hourglass', `token.${token}`]));
  const machine = (await control<Truth[]>('/control/machines')).find(
    (made) => made.metadata.hourglass_session === id,
  );
  // The state that the gateway sends along for this token.
  const claim = readConnectToken(AUTH_SECRET, token, Date.now());
  if (!claim) throw new Error('the token opens nothing');
  const state = replayStateOf(AUTH_SECRET, claim, Date.now() + 60_000);
  const headers = { 'fly-replay-src': `instance=x;state=${state}` };
  const straight = await echo(
    new WebSocket(`ws://127.0.0.1:${machine?.port}/terminal/${id}?tab=3`, ['hourglass'], { headers }),
  );
  await api.session.stop.mutate({ sessionId: id });
  return { through, straight };
}

const row = (what: string, ms: number[]) => ({
  what,
  count: ms.length,
  'p50 ms': figure(quantile(ms, 0.5)),
  'p99 ms': figure(quantile(ms, 0.99)),
  'max ms': figure(Math.max(...ms)),
});

try {
  const honest = await lateness('normal');
  const silent = await lateness('silent');
  printTable('Stop lateness against the lease end (negative: ended in time)', [
    row('honest machines (aim ≤ 0)', honest),
    row('silent machines (aim ≤ 2000)', silent),
  ]);
  const { through, straight } = await echoes();
  printTable('Terminal echo of one key', [
    row('through the proxy, after gateway and replay', through),
    row('straight at the machine', straight),
  ]);
} finally {
  await stack.stop();
  await operator.close();
  await Promise.all([postgres.stop(), redis.stop()]);
  rmSync(dir, { recursive: true, force: true });
}
