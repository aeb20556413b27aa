import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@/db/client';
import { migrateDatabase } from '@/db/migrate';
import { startPostgres } from '@/scripts/services/postgres';
import { endChild, findFreePort, sleep, waitFor } from '@/scripts/services/processes';
import { startRedis } from '@/scripts/services/redis';
import { openContext } from '@/server/compose';
import { parseEnv } from '@/server/env';
import type { Pretended } from '@/test/pretend/machines-api';
import { seedRuns } from '@/test/pretend/seed-runs';
import { sizeOf, sizesOf } from './sizes';
import { startProcess } from './start-process';
import { figure, printTable, quantile } from './table';
import { cpuOf, cpuOfTree, residentMb } from './timekeeper/cpu';
import { startTraffic, type Traffic } from './timekeeper/traffic';

/**
 * One worker beside a growing number of open runs: the cost of an hour, and how late machines end when 1,000 leases end
 * within one second. Worker, PostgreSQL (durable, as in production) and Redis are real. The Machines API is simulated
 * and answers in 50 ms, because ten thousand real processes do not fit on one computer. Renewals and starts at the rate
 * of 10,000 runs call the web's verbs in this process.
 */

const SIZES = sizesOf('BENCH_RUNS', '100,1000,10000', '20,40');
const ENDING = sizeOf('BENCH_ENDING', 1_000, 20);
const STEADY_SECONDS = sizeOf('BENCH_SECONDS', 15, 1);
/** One machine in ten ignores the signal and runs until the timeout of its stop. */
const STUBBORN_EVERY = 10;
/** 10,000 runs renew every 300 s, a third of their lease, and run for half an hour. */
const RATES = { renewalsPerSecond: 10_000 / 300, startsPerSecond: 10_000 / 1_800 };

const dir = mkdtempSync('/var/tmp/hourglass-bench-');
const children: ChildProcess[] = [];

/** Starts a durable server that counts its statements, which takes a restart. */
async function openPostgres() {
  const first = await startPostgres({ dataDir: join(dir, 'data') });
  const admin = openDatabase(first.url, { max: 1, asOwner: true });
  await admin.sql.unsafe("alter system set shared_preload_libraries = 'pg_stat_statements'");
  await admin.close();
  await first.stop();
  const server = await startPostgres({ dataDir: join(dir, 'data'), port: first.port });
  const { sql, close } = openDatabase(server.url, { max: 1, asOwner: true });
  await migrateDatabase(server.url);
  await sql.unsafe(
    "create extension pg_stat_statements; create role timekeeper superuser login password 'bench'",
  );
  await close();
  return server;
}

const [postgres, redis] = await Promise.all([openPostgres(), startRedis()]);
const machinesProcess = startProcess(
  children,
  ['--import', 'tsx', 'bench/timekeeper/machines-process.ts', '50'],
  {},
);
const [line] = (await once(machinesProcess.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
const [apiUrl = '', doorUrl = ''] = line.toString().trim().split(' ');
const workerPort = await findFreePort();
const ENV = {
  DATABASE_URL: postgres.url,
  REDIS_URL: redis.url,
  AUTH_SECRET: 'bench-secret-bench-secret-bench-secret',
  FLY_API_URL: apiUrl,
  FLY_API_TOKEN: 'bench',
  FLY_ORG: 'bench',
  WORKER_PORT: String(workerPort),
  LOG_LEVEL: 'error',
  NODE_ENV: 'production',
};
const { ctx, close } = openContext(parseEnv(ENV), 'web');
const owner = openDatabase(postgres.url, { max: 1, asOwner: true });
const workerUrl = Object.assign(new URL(postgres.url), { username: 'timekeeper', password: 'bench' }).href;
const worker = startProcess(children, ['scripts/start.mjs', 'worker'], { ...ENV, DATABASE_URL: workerUrl });
worker.stdout?.resume();
const workerPid = worker.pid ?? 0;
if (
  !(await waitFor(
    () =>
      fetch(`http://127.0.0.1:${workerPort}/readyz`).then(
        (r) => r.ok,
        () => false,
      ),
    120_000,
  ))
)
  throw new Error('the worker did not get ready');

type Report = {
  calls: number;
  tooEarly: number;
  most: { writes: number; reads: number };
  machines: Pretended[];
};
const door = async (path: string, body?: unknown): Promise<Report> =>
  (
    await fetch(`${doorUrl}${path}`, { method: 'POST', body: JSON.stringify(body ?? null) })
  ).json() as Promise<Report>;

type Mark = { at: number; postgres: number; postgresForWorker: number; worker: number; statements: number };
async function mark(): Promise<Mark> {
  const backends = await owner.sql<{ pid: number }[]>`
    select pid from pg_stat_activity where usename = 'timekeeper'`;
  const [row] = await owner.sql<{ calls: number }[]>`
    select coalesce(sum(calls), 0)::bigint as calls from pg_stat_statements`;
  return {
    at: performance.now(),
    postgres: cpuOfTree(postgres.pid),
    postgresForWorker: backends.reduce((sum, { pid }) => sum + cpuOf(pid), 0),
    worker: cpuOf(workerPid),
    statements: row?.calls ?? 0,
  };
}

type Steady = { seconds: number; from: Mark; to: Mark; traffic: Traffic; rssMb: number };
async function steady(runIds: string[]): Promise<Steady> {
  const warm = startTraffic(ctx, runIds, RATES);
  await sleep(Math.min(6_000, STEADY_SECONDS * 1000));
  await warm.stop();
  const traffic = startTraffic(ctx, runIds, RATES);
  const from = await mark();
  await sleep(STEADY_SECONDS * 1000);
  const to = await mark();
  const rssMb = residentMb(workerPid);
  await traffic.stop();
  return { seconds: (to.at - from.at) / 1000, from, to, traffic, rssMb };
}

type Burst = {
  from: Mark;
  to: Mark;
  stopAsked: number[];
  ended: number[];
  booked: number[];
  told: number;
  rssMb: number;
};
/** Ends `ENDING` leases within one second, while the web's traffic continues. */
async function burst(name: string, runIds: string[]): Promise<Burst> {
  const endsAt = Date.now() + 6_000;
  const made = await seedRuns(ctx, { prefix: name, count: ENDING, endsAt, withinMs: 1_000, final: true });
  await door(
    '/add',
    made.map((machine, n) => ({ ...machine, stubborn: n % STUBBORN_EVERY === 0 })),
  );
  await owner.sql.unsafe('analyze run, lease, account, usage_period');
  const traffic = startTraffic(ctx, runIds, RATES);
  const mine = `${name}-%`;
  await sleep(Math.max(0, endsAt - 3_000 - Date.now()));
  const from = await mark();
  const open = () => ctx.sql`select 1 from run where id like ${mine} and ended_at is null limit 1`;
  const done = await waitFor(async () => (await open()).length === 0, 60_000, 250);
  const to = await mark();
  const rssMb = residentMb(workerPid);
  await traffic.stop();
  if (!done) throw new Error(`${(await open()).length} runs or more never ended`);
  const runs = await ctx.sql<{ id: string; lease_until: number; overrun_ms: number }[]>`
    select id, lease_until, overrun_ms from run where id like ${mine}`;
  const machines = new Map((await door('/machines')).machines.map((machine) => [machine.runId, machine]));
  const late = (pick: (machine: Pretended | undefined) => number | null | undefined) =>
    runs.map((run) => (pick(machines.get(run.id)) ?? Number.POSITIVE_INFINITY) - run.lease_until);
  return {
    from,
    to,
    rssMb,
    stopAsked: late((machine) => machine?.stopAskedAt ?? machine?.endedAt),
    ended: late((machine) => machine?.endedAt),
    booked: runs.map((run) => run.overrun_ms),
    told: runs.reduce((sum, run) => {
      const machine = machines.get(run.id);
      return sum + (machine?.stopCount ?? 0) + (machine?.destroyCount ?? 0);
    }, 0),
  };
}

const say = (line: string) => process.stderr.write(`${figure(performance.now() / 1000, 0)} s: ${line}\n`);
const rows: Record<string, Record<string, string | number>[]> = { late: [], cost: [], steady: [] };
const failures: unknown[] = [];
let runIds: string[] = [];
try {
  await door('/reset');
  for (const size of SIZES) {
    const name = `s${size}`;
    const more = size - runIds.length;
    const now = Date.now();
    const made = await seedRuns(ctx, { prefix: name, count: more, endsAt: now + 600_000, withinMs: 300_000 });
    await door('/add', made);
    runIds = [...runIds, ...made.map((machine) => machine.runId)];
    await owner.sql.unsafe('analyze');
    say(`${size} open runs`);
    const calm = await steady(runIds);
    failures.push(...calm.traffic.failures);
    const { from, to, seconds, traffic } = calm;
    const renewed = traffic.renewals.length;
    rows.steady?.push({
      'open runs': size,
      'renewals/s': figure(renewed / seconds, 1),
      'starts/s': figure(traffic.starts / seconds, 1),
      'renewal p50 ms': figure(quantile(traffic.renewals, 0.5)),
      'p99 ms': figure(quantile(traffic.renewals, 0.99)),
      'PostgreSQL CPU %': figure((100 * (to.postgres - from.postgres)) / seconds, 1),
      'of it for the worker %': figure((100 * (to.postgresForWorker - from.postgresForWorker)) / seconds, 1),
      'worker CPU %': figure((100 * (to.worker - from.worker)) / seconds, 1),
      'worker statements/s': figure((to.statements - from.statements) / seconds, 1),
      'worker MB': figure(calm.rssMb, 0),
    });
    say(`${ENDING} leases end`);
    const end = await burst(`e${size}`, runIds);
    rows.late?.push({
      'open runs': size + ENDING,
      'leases ending in 1 s': ENDING,
      'stop asked p50 ms': figure(quantile(end.stopAsked, 0.5), 0),
      'p99 ms': figure(quantile(end.stopAsked, 0.99), 0),
      'machine ended p50 ms': figure(quantile(end.ended, 0.5), 0),
      'p99 ms (aim ≤ 2000)': figure(quantile(end.ended, 0.99), 0),
      'max ms': figure(Math.max(...end.ended), 0),
      'overrun booked s': figure(end.booked.reduce((sum, ms) => sum + ms, 0) / 1000),
    });
    rows.cost?.push({
      'open runs': size + ENDING,
      'stops and destroys per run': figure(end.told / ENDING),
      'statements per run': figure((end.to.statements - end.from.statements) / ENDING, 1),
      'PostgreSQL ms per run': figure(
        (1000 * (end.to.postgresForWorker - end.from.postgresForWorker)) / ENDING,
      ),
      'worker ms per run': figure((1000 * (end.to.worker - end.from.worker)) / ENDING),
      'PostgreSQL CPU s in all': figure(end.to.postgres - end.from.postgres),
      'until all are booked s': figure((end.to.at - end.from.at) / 1000, 1),
      'worker MB': figure(end.rssMb, 0),
    });
  }
  printTable('Timekeeper: lateness against the lease end (negative: ended in time)', rows.late ?? []);
  printTable('What one ended lease costs the timekeeper (aim: flat)', rows.cost ?? []);
  printTable(
    "Quiet hours at 10,000 runs' frequency: the same traffic beside ever more open runs",
    rows.steady ?? [],
  );
  const api = await door('/report');
  printTable('Machines API, per action and machine', [
    {
      calls: api.calls,
      'refused as too early (aim 0)': api.tooEarly,
      'most changes within 1 s (limit 3)': api.most.writes,
      'most reads within 1 s (limit 10)': api.most.reads,
    },
  ]);
  process.stdout.write(`\n${failures.length} calls of the traffic failed.\n`);
  if (failures.length > 0) process.stdout.write(`${String(failures[0])}\n`);
} finally {
  for (const child of children) await endChild(child, 'SIGTERM', 10_000);
  await Promise.all([close(), owner.close()]);
  await Promise.all([postgres.stop(), redis.stop()]);
  rmSync(dir, { recursive: true, force: true });
}
