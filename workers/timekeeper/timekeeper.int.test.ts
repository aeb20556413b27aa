import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endChild, findFreePort, sleep, waitFor } from '@/scripts/services/processes';
import { ROOT } from '@/scripts/stack';
import { findDrift } from '@/server/quota/find-drift';
import { CLAIM_MS } from '@/server/run/times';
import { type MachinesApi, type Pretended, startMachinesApi } from '@/test/pretend/machines-api';
import { seedRuns } from '@/test/pretend/seed-runs';
import { createTestRedis, type TestRedis } from '@/test/redis';
import { createWorld, TEST_ENV, type World } from '@/test/world';

/** Real workers on a real PostgreSQL and Redis; an API that takes 50 ms to answer stands in for the machines. */

const ENDING = 300;
let world: World;
let redis: TestRedis;
let api: MachinesApi;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  [world, redis, api] = await Promise.all([
    createWorld(),
    createTestRedis(),
    startMachinesApi({ answerMs: 50 }),
  ]);
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => endChild(worker, 'SIGKILL', 1_000)));
  await api.close();
  await world.close();
  await redis.drop();
});

async function startWorker(): Promise<ChildProcess> {
  const port = await findFreePort();
  const worker = spawn(process.execPath, ['--import', 'tsx', 'workers/timekeeper/main.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      ...TEST_ENV,
      DATABASE_URL: world.url,
      REDIS_URL: redis.url,
      FLY_API_URL: api.url,
      FLY_ORG: 'test',
      WORKER_PORT: String(port),
    },
  });
  workers.push(worker);
  const isReady = () =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
  expect(await waitFor(isReady, 50_000, 100)).toBe(true);
  return worker;
}

/** Creates leases that end within one second, a few seconds from now; `shape` alters some of the machines. */
async function letEnd(prefix: string, shape: (n: number) => Partial<Pretended>): Promise<number> {
  const endsAt = Date.now() + 4_000;
  const made = await seedRuns(world.ctx, { prefix, count: ENDING, endsAt, withinMs: 1_000, final: true });
  made.forEach((machine, n) => void api.add({ ...machine, ...shape(n) }));
  return endsAt;
}

/** Returns, by process id, how long each running worker has been ready to run without a processor, in ms. */
function waits(): Map<number, number> {
  const found = new Map<number, number>();
  for (const { pid = 0 } of workers) {
    try {
      found.set(pid, Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6);
    } catch {
      // The worker has ended.
    }
  }
  return found;
}

/**
 * Returns the longest wait for a processor among the running workers since `before`, in ms; workers that ended do not
 * count.
 */
const starvedSince = (before: Map<number, number>): number =>
  Math.max(0, ...[...waits()].map(([pid, ms]) => ms - (before.get(pid) ?? 0)));

type Ended = {
  machines: Pretended[];
  /** How long the latest machine outlived its lease, less the time in which no worker could run. */
  lateMs: number;
  starved: number;
};

/** Waits until the machines have ended and their runs are closed. */
async function ended(prefix: string, before: Map<number, number>, except: string[] = []): Promise<Ended> {
  const machines = [...api.machines.values()].filter(
    ({ runId }) => runId.startsWith(`${prefix}-`) && !except.includes(runId),
  );
  expect(await waitFor(() => machines.every((machine) => machine.endedAt !== null), 60_000)).toBe(true);
  const starved = starvedSince(before);
  const open = () => world.ctx.sql`
    select 1 from run where id like ${`${prefix}-%`} and id <> all(${except}) and ended_at is null limit 1`;
  expect(await waitFor(async () => (await open()).length === 0, 60_000, 100)).toBe(true);
  const runs = await world.ctx.sql<{ id: string; lease_until: number }[]>`
    select id, lease_until from run where id like ${`${prefix}-%`} and id <> all(${except})`;
  const leases = new Map(runs.map((run) => [run.id, run.lease_until]));
  const late = machines.map(({ runId, endedAt }) => (endedAt ?? 0) - (leases.get(runId) ?? 0));
  return { machines, lateMs: Math.max(...late) - starved, starved };
}

it('SESSION-26 MACHINE-32 300 silent machines end with their leases, despite a slow and a refusing one', {
  timeout: 200_000,
}, async () => {
  await startWorker();
  const troubles: Record<number, Partial<Pretended>> = {
    0: { trouble: { answerMs: 6_000 } },
    1: { trouble: { refuses: true } },
  };
  const before = waits();
  await letEnd('a', (n) => ({ stubborn: n % 10 === 5, ...troubles[n] }));
  const { machines, lateMs } = await ended('a', before, ['a-0', 'a-1']);
  expect(machines).toHaveLength(ENDING - 2);
  expect(lateMs).toBeLessThanOrEqual(2_000);
  expect(api.rates.tooEarly).toBe(0);
  // The worker keeps retrying the two machines: once they answer, they end too.
  for (const id of ['a-0', 'a-1']) (api.machines.get(`m-${id}`) as Pretended).trouble = {};
  await ended('a', before);
});

it('SESSION-27 two workers stop no machine twice, and a worker that is ended midway leaves nothing undone', {
  timeout: 200_000,
}, async () => {
  await startWorker();
  const before = waits();
  const endsAt = await letEnd('b', () => ({}));
  await sleep(Math.max(0, endsAt - 1_500 - Date.now()));
  const [leaving] = workers;
  const gone = once(leaving as ChildProcess, 'exit');
  leaving?.kill('SIGTERM');
  expect(await gone).toEqual([0, null]);
  const { machines, lateMs, starved: starvedFor } = await ended('b', before);
  // Work claimed by the worker that left is taken again once its claim expires.
  expect(lateMs).toBeLessThanOrEqual(CLAIM_MS);
  // A worker that was kept from running for a second cannot know that a machine obeyed, and stops it again.
  const told = machines.map((machine) => machine.stopCount + machine.destroyCount);
  expect(told.filter((count) => count !== 1 && starvedFor < 1_000)).toEqual([]);
  expect(api.rates.tooEarly).toBe(0);
  expect(await findDrift(world.ctx.sql)).toEqual([]);
});
