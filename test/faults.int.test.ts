import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, type HourglassClient, refusalOf } from '@/client';
import { migrateDatabase } from '@/db/migrate';
import { openOperatorContext } from '@/operator/context';
import { buildAll } from '@/scripts/build-all';
import { type PostgresServer, startPostgres } from '@/scripts/services/postgres';
import { waitFor } from '@/scripts/services/processes';
import { type RedisServer, startRedis } from '@/scripts/services/redis';
import { type Stack, startStack } from '@/scripts/stack';
import { createAccount } from '@/server/account/create-account';
import { findDrift } from '@/server/quota/find-drift';
import { chanceOf } from './simulation/events';
import { asOwner } from './world';

/** Faults on real processes: web, worker, gateway, PostgreSQL, Redis and machines; none of them is simulated. */

const SEED = Number(process.env.FAULT_SEED ?? 7);
const AUTH_SECRET = 'fault-secret-fault-secret-fault-secret';
const ENV = {
  LEASE_MAX_SECONDS: '6',
  LEASE_MIN_SECONDS: '4',
  LEASE_GUARD_SECONDS: '1',
  STOP_GRACE_SECONDS: '2',
  MIN_START_SECONDS: '2',
  SWEEP_INTERVAL_MS: '250',
  RECONCILE_INTERVAL_SECONDS: '2',
  START_RATE_PER_MINUTE: '100000',
};

type Truth = {
  metadata: Record<string, string>;
  state: string;
  intervals: { startedAt: number; stoppedAt: number | null }[];
};
type RunRow = {
  id: string;
  used_ms: number;
  overrun_ms: number;
  lease_until: number;
  ended_at: number | null;
};

let postgres: PostgresServer;
let redis: RedisServer;
let stack: Stack;
let operator: ReturnType<typeof openOperatorContext>;
const dir = mkdtempSync(join(tmpdir(), 'hourglass-faults-'));
const dataDir = join('/var/tmp', `hourglass-faults-${process.pid}`, 'data');

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres({ dataDir }), startRedis(), buildAll({})]);
  await migrateDatabase(postgres.url);
  operator = openOperatorContext({ AUTH_SECRET, DATABASE_URL: postgres.url });
  stack = await startStack({
    dir,
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    authSecret: AUTH_SECRET,
    env: ENV,
  });
}, 180_000);

afterAll(async () => {
  await stack?.stop();
  await operator?.close();
  await Promise.all([postgres?.stop(), redis?.stop()]);
  for (const folder of [dir, join('/var/tmp', `hourglass-faults-${process.pid}`)])
    rmSync(folder, { recursive: true, force: true });
}, 60_000);

const control = async <T>(path: string, body?: unknown): Promise<T> => {
  const init =
    body === undefined
      ? {}
      : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  return (await fetch(`${stack.controlUrl}${path}`, init)).json() as Promise<T>;
};

let people = 0;
async function newAccount(planId: string): Promise<{ accountId: string; api: HourglassClient }> {
  const made = await createAccount(operator.ctx, {
    email: `fault-${process.pid}-${++people}@hourglass.test`,
    planId,
  });
  return { accountId: made.accountId, api: createClient({ url: stack.appUrl, apiKey: made.apiKey }) };
}

const runsOf = (accountId: string) => operator.ctx.sql<RunRow[]>`
  select id, used_ms, overrun_ms, lease_until, ended_at from run where account_id = ${accountId} order by id`;

async function untilEnded(accountId: string, seconds: number): Promise<RunRow[]> {
  const ended = await waitFor(
    async () => (await runsOf(accountId)).every((run) => run.ended_at !== null),
    seconds * 1000,
    200,
  );
  expect(ended, `every run of the account ends within ${seconds} s`).toBe(true);
  return runsOf(accountId);
}

/** Returns the difference between the charged time of every run and the provider's records, in ms. */
async function differences(runs: RunRow[]): Promise<number[]> {
  const machines = await control<Truth[]>('/control/machines');
  return runs.map((run) => {
    const interval = machines.find((machine) => machine.metadata.hourglass_run === run.id)?.intervals[0];
    const truth = interval ? (interval.stoppedAt ?? Number.NaN) - interval.startedAt : 0;
    return run.used_ms + run.overrun_ms - truth;
  });
}

const PARTS = ['web', 'worker', 'gateway'] as const;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const lastLines = (name: string): string =>
  readFileSync(join(dir, 'logs', `${name}.log`), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-3)
    .join('\n');

describe('when things break', () => {
  it('SESSION-13 five seeded kills of web and worker lose and invent no time', {
    timeout: 240_000,
  }, async () => {
    const chance = chanceOf(SEED);
    const { accountId, api } = await newAccount('max');
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push((await api.session.create.mutate({ name: `s${i}` })).id);
    for (let kill = 0; kill < 5; kill++) {
      const victim = chance.pick(['web', 'worker'] as const);
      const starts = ids.map((sessionId) => api.session.start.mutate({ sessionId }).catch(() => null));
      await waitFor(() => false, chance.between(5, 900), 5);
      await stack.kill(victim);
      await Promise.all(starts);
      await stack.start(victim);
      const stops = chance.hit(0.5)
        ? ids.map((sessionId) => api.session.stop.mutate({ sessionId }).catch(() => null))
        : [];
      await Promise.all(stops);
    }
    for (const sessionId of ids) await api.session.stop.mutate({ sessionId });
    const runs = await untilEnded(accountId, 90);
    const off = await differences(runs);
    expect(runs.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...off.map(Math.abs)), `largest difference in ms, seed ${SEED}`).toBeLessThanOrEqual(500);
    expect(runs.reduce((sum, run) => sum + run.overrun_ms, 0)).toBe(0);
    expect(await findDrift(operator.ctx.sql)).toEqual([]);
    const alive = (await control<Truth[]>('/control/machines')).filter(
      (machine) => machine.state !== 'destroyed',
    );
    expect(alive).toEqual([]);
  });

  it('SESSION-13 SESSION-7 with every wake-up lost, silent machines still end with their leases', {
    timeout: 60_000,
  }, async () => {
    await control('/control/behaviour', { kind: 'silent' });
    const { accountId, api } = await newAccount('max');
    for (let i = 0; i < 3; i++) {
      const { id } = await api.session.create.mutate({ name: `silent ${i}` });
      await api.session.start.mutate({ sessionId: id });
    }
    const client = new Redis(redis.url);
    const flushing = setInterval(() => void client.flushall(), 100);
    const runs = await untilEnded(accountId, 30);
    clearInterval(flushing);
    client.disconnect();
    await control('/control/behaviour', { kind: 'normal' });
    expect(runs.map((run) => run.overrun_ms)).toEqual([0, 0, 0]);
    expect((await differences(runs)).map(Math.abs).every((ms) => ms <= 5)).toBe(true);
    for (const run of runs)
      expect((run.ended_at ?? 0) - run.lease_until).toBeLessThanOrEqual(Number(ENV.SWEEP_INTERVAL_MS));
  });

  it('SESSION-7 stubborn machines that ignore every signal die inside their lease', {
    timeout: 60_000,
  }, async () => {
    await control('/control/behaviour', { kind: 'stubborn' });
    const { accountId, api } = await newAccount('starter');
    const { id } = await api.session.create.mutate({ name: 'stubborn' });
    await api.session.start.mutate({ sessionId: id });
    const [run] = await untilEnded(accountId, 30);
    await control('/control/behaviour', { kind: 'normal' });
    expect(run?.overrun_ms).toBeLessThanOrEqual(250);
    expect(run?.used_ms).toBeLessThanOrEqual(6_000);
  });

  it('SESSION-2 20 parallel starts over HTTP make exactly one machine', { timeout: 60_000 }, async () => {
    const { accountId, api } = await newAccount('starter');
    const sessions = await Promise.all(
      Array.from({ length: 20 }, (_, i) => api.session.create.mutate({ name: `p${i}` })),
    );
    const answers = await Promise.all(
      sessions.map(({ id }) =>
        api.session.start.mutate({ sessionId: id }).then(
          () => 'started',
          (error) => refusalOf(error)?.reason,
        ),
      ),
    );
    expect(answers.filter((answer) => answer === 'started')).toHaveLength(1);
    const machines = await control<Truth[]>('/control/machines');
    const ids = new Set(sessions.map(({ id }) => id));
    expect(machines.filter((machine) => ids.has(machine.metadata.hourglass_session ?? ''))).toHaveLength(1);
    for (const { id } of sessions) await api.session.stop.mutate({ sessionId: id });
    await untilEnded(accountId, 30);
  });

  it('QUOTA-13 cut connections under load end no process', { timeout: 60_000 }, async () => {
    const { api } = await newAccount('pro');
    const pids = PARTS.map((name) => stack.pidOf(name));
    const until = performance.now() + 6_000;
    const load = Array.from({ length: 8 }, async () => {
      while (performance.now() < until) await api.session.batchStatus.query().catch(() => null);
    });
    const cut = await asOwner(postgres.url, async (owner) => {
      let count = 0;
      while (performance.now() < until) {
        const rows = await owner`
          select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'hourglass-%'
            and application_name <> 'hourglass-operator'`;
        count += rows.length;
        await waitFor(() => false, 400, 50);
      }
      return count;
    });
    await Promise.all(load);
    expect(cut).toBeGreaterThan(20);
    expect(
      await waitFor(async () => (await api.session.batchStatus.query().catch(() => null)) !== null, 10_000),
    ).toBe(true);
    expect(PARTS.map((name) => stack.pidOf(name))).toEqual(pids);
    const dead = PARTS.filter((_, i) => !isAlive(pids[i] as number));
    expect(dead.map((name) => `${name} died: ${lastLines(name)}`)).toEqual([]);
  });

  it('QUOTA-13 without PostgreSQL a start answers 503 and nothing is created', {
    timeout: 120_000,
  }, async () => {
    const { api } = await newAccount('pro');
    const { id } = await api.session.create.mutate({ name: 'dark' });
    const creates = async () =>
      (await control<{ action: string }[]>('/control/calls?since=0')).filter(
        (call) => call.action === 'machine.create',
      ).length;
    const before = await creates();
    const { port } = postgres;
    await postgres.stop();
    const refusal = await api.session.start.mutate({ sessionId: id }).then(() => null, refusalOf);
    expect(refusal).toMatchObject({ httpStatus: 503, reason: 'QUOTA_UNAVAILABLE' });
    const ready = await fetch(`${stack.appUrl}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false, failing: ['postgresql'] }]);
    expect(await creates()).toBe(before);
    postgres = await startPostgres({ dataDir, port });
    const started = await waitFor(
      async () => (await api.session.start.mutate({ sessionId: id }).catch(() => null)) !== null,
      30_000,
      250,
    );
    expect(started).toBe(true);
    await api.session.stop.mutate({ sessionId: id });
  });
});
