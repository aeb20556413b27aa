import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startPostgres } from '@/scripts/services/postgres';
import { inTx } from '@/server/context';
import { newId } from '@/server/ids';
import { admitRun } from '@/server/run/admit';
import startTestServices from '@/test/services';
import { asOwner, createWorld } from '@/test/world';
import { sizeOf } from './sizes';
import { figure, measure, printTable } from './table';

/**
 * Start admissions per second on 8 connections, beside the bare transaction `begin; select … for update; insert;
 * update; commit` on the same durable server with the same number of accounts: by pgbench, and by the product's driver
 * in this process.
 */

const run = promisify(execFile);
const SECONDS = sizeOf('BENCH_SECONDS', 8, 1);
const CONNECTIONS = 8;
const ACCOUNTS = sizeOf('BENCH_ACCOUNTS', 20_000, 2_000);
const SESSIONS = 5;
/** The warm-up starts sessions that the measurement does not reach. */
const WARM_FROM = Math.floor((0.72 * ACCOUNTS * SESSIONS) / CONNECTIONS);

const BARE_SCRIPT = `\\set id random(1, ${ACCOUNTS})
begin;
select id from bare_account where id = :id for update;
insert into bare_run (account_id) values (:id);
update bare_account set used = used + 1 where id = :id;
commit;
`;

async function measureBare(url: string): Promise<{ perSecond: number; p50: string; p99: string } | null> {
  const folder = await mkdtemp(join(tmpdir(), 'hourglass-bench-'));
  try {
    const script = join(folder, 'bare.sql');
    await writeFile(script, BARE_SCRIPT);
    const args = [
      '-n',
      '-M',
      'prepared',
      '-c',
      String(CONNECTIONS),
      '-j',
      '2',
      '-T',
      String(SECONDS),
      '-f',
      script,
    ];
    const { stdout } = await run('pgbench', [...args, '-l', '--log-prefix', join(folder, 'log'), url], {
      cwd: folder,
    });
    const { stdout: sorted } = await run('sh', ['-c', `cat ${folder}/log* | awk '{print $3}' | sort -n`], {
      maxBuffer: 1 << 28,
    });
    const micros = sorted.trim().split('\n').map(Number);
    const at = (share: number) => figure((micros[Math.floor(micros.length * share)] ?? Number.NaN) / 1000);
    return { perSecond: Number(/tps = ([\d.]+)/.exec(stdout)?.[1]), p50: at(0.5), p99: at(0.99) };
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// Commits are flushed to disk, as in production.
const folder = await mkdtemp('/var/tmp/hourglass-bench-');
const durable = process.env.DATABASE_URL ? null : await startPostgres({ dataDir: join(folder, 'data') });
if (durable) process.env.DATABASE_URL = durable.url;
const stopServices = await startTestServices();
const world = await createWorld({ max: CONNECTIONS });
const { sql } = world.ctx;

await asOwner(world.url, (owner) =>
  owner.unsafe(`
    create table bare_account (id int primary key, used bigint not null default 0) with (fillfactor = 70);
    create table bare_run (id bigint generated always as identity primary key, account_id int not null);
    insert into bare_account select generate_series(1, ${ACCOUNTS});`),
);
await sql`
  insert into account (id, name, status, own_plan_id)
  select 'account-' || n, 'Bench', 'active', 'custom' from generate_series(1, ${ACCOUNTS}) n`;
await sql`
  insert into session (id, account_id, name, agent, region, size, created_at)
  select 'session-' || n || '-' || s, 'account-' || n, 'Bench', 'bash', 'iad', 'standard', hg_clock()
  from generate_series(1, ${ACCOUNTS}) n, generate_series(1, ${SESSIONS}::int) s`;
// A history of ended runs, so that PostgreSQL plans for tables of a realistic size.
await sql`
  insert into run (id, account_id, session_id, status, region, admitted_at, started_at, metered_to, proof_at, lease_ms,
    lease_until, ended_at, end_reason)
  select 'run-' || n || '-' || s, 'account-' || n, 'session-' || n || '-' || s, 'stopped', 'iad', hg_clock(), hg_clock(),
    hg_clock(), hg_clock(), 1, hg_clock(), hg_clock(), 'user'
  from generate_series(1, ${ACCOUNTS}) n, generate_series(1, ${SESSIONS}::int) s`;
await sql`
  insert into usage_period (account_id, period) select id, to_char(hg_clock() at time zone 'UTC', 'YYYY-MM') from account`;
// One statement per call: several statements in one call form a transaction, and VACUUM cannot run in one.
await asOwner(world.url, async (owner) => {
  await owner`set statement_timeout = 0`;
  await owner`vacuum analyze`;
});

const admit = (lane: number, count: number) => {
  const n = lane + count * CONNECTIONS;
  const account = (n % ACCOUNTS) + 1;
  const session = Math.floor(n / ACCOUNTS) + 1;
  return inTx(world.ctx, (tx) =>
    admitRun(tx, {
      accountId: `account-${account}`,
      sessionId: `session-${account}-${session}`,
      idempotencyKey: newId(),
    }),
  );
};

/** The same statements as pgbench's, through this product's driver. */
const bareByDriver = () => {
  const id = 1 + Math.floor(Math.random() * ACCOUNTS);
  return sql.begin((tx) =>
    Promise.all([
      tx`select id from bare_account where id = ${id} for update`,
      tx`insert into bare_run (account_id) values (${id})`,
      tx`update bare_account set used = used + 1 where id = ${id}`,
    ]),
  );
};

await measure(CONNECTIONS, Math.min(3, SECONDS), (lane, count) => admit(lane, count + WARM_FROM));
await measure(CONNECTIONS, Math.min(1, SECONDS), bareByDriver);
const bare = await measureBare(world.url);
const ours = await measure(CONNECTIONS, SECONDS, admit);
const driven = await measure(CONNECTIONS, SECONDS, bareByDriver);
const again = await measureBare(world.url);

const bareRate = bare && again ? (bare.perSecond + again.perSecond) / 2 : null;
printTable(`Start admissions, ${CONNECTIONS} connections, ${SECONDS} s, one Node process`, [
  {
    what: 'session.start decision',
    'per second': figure(ours.perSecond, 0),
    'p50 ms': figure(ours.p50),
    'p99 ms': figure(ours.p99),
  },
  {
    what: 'bare transaction, our driver',
    'per second': figure(driven.perSecond, 0),
    'p50 ms': figure(driven.p50),
    'p99 ms': figure(driven.p99),
  },
  { what: 'decision / bare by our driver', 'per second': figure(ours.perSecond / driven.perSecond) },
  bare && again
    ? {
        what: 'pgbench, bare transaction',
        'per second': figure(bareRate ?? 0, 0),
        'p50 ms': bare.p50,
        'p99 ms': bare.p99,
      }
    : { what: 'pgbench is not installed here: no comparison' },
  ...(bareRate
    ? [
        { what: 'bare by our driver / pgbench (aim 0.5)', 'per second': figure(driven.perSecond / bareRate) },
        { what: 'decision / pgbench', 'per second': figure(ours.perSecond / bareRate) },
      ]
    : []),
]);

await world.close();
await stopServices();
await durable?.stop();
await rm(folder, { recursive: true, force: true });
