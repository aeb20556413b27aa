import { type Database, openDatabase, type Sql } from '@/db/client';
import { openPayments } from '@/server/billing/payments';
import { type Clock, type Instant, manualClock } from '@/server/clock';
import { type Ctx, inTx } from '@/server/context';
import { type Env, parseEnv } from '@/server/env';
import { newId } from '@/server/ids';
import { makeLog } from '@/server/log';
import type { Machines } from '@/server/machine/machines';
import { adjustUsage } from '@/server/quota/adjust-usage';
import { noJobs, noRates } from '@/server/without-redis';
import { createTestDatabase } from './db';

export type World = {
  ctx: Ctx;
  database: Database;
  url: string;
  clock: Clock & { advance(ms: number): void };
  /** Moves PostgreSQL's clock and the process's forward. Only in worlds with `startAt`. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
};

export const TEST_ENV: Record<string, string> = {
  DATABASE_URL: 'postgres://unused',
  REDIS_URL: 'redis://unused',
  AUTH_SECRET: 'test-secret-test-secret-test-secret-32',
  FLY_REGIONS: 'iad,ams',
  ENVIRONMENT_ID: 'dev',
  LOG_LEVEL: 'silent',
};

export type WorldOptions = {
  env?: Record<string, string>;
  /** The start of both clocks. Without it PostgreSQL's own clock runs. */
  startAt?: Instant;
  machines?: (clock: Clock) => Machines;
  max?: number;
  onStatement?: (text: string) => void;
  /** A migrated database to use, which is kept at the end. Without it the world creates its own. */
  url?: string;
};

const pick = ({ onStatement }: WorldOptions) => (onStatement ? { onStatement } : {});

/** Creates a database with everything a verb needs; the options choose machines and clock. */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const test = options.url ? { url: options.url, drop: async () => {} } : await createTestDatabase();
  const database = openDatabase(test.url, { max: options.max ?? 10, ...pick(options) });
  const reports = openDatabase(test.url, { max: 2, applicationName: 'test-reports', ...pick(options) });
  const env: Env = parseEnv({ ...TEST_ENV, ...options.env });
  const clock = manualClock(options.startAt ?? Date.now());
  if (options.startAt !== undefined) {
    await asOwner(test.url, takeClock);
    await setClock(database, options.startAt);
  }
  const machines = options.machines?.(clock) ?? (undefined as unknown as Machines);
  const log = makeLog('test', env.LOG_LEVEL);
  return {
    ctx: {
      env,
      sql: database.sql,
      db: database.db,
      reports: reports.sql,
      clock,
      machines,
      payments: openPayments(env),
      jobs: noJobs,
      rates: noRates,
      log,
    },
    database,
    url: test.url,
    clock,
    async advance(ms) {
      clock.advance(ms);
      await setClock(database, clock.now());
    },
    async close() {
      await Promise.all([database.close(), reports.close()]);
      await test.drop();
    },
  };
}

/**
 * Runs `work` with every right of the test server's login, for what the product itself may not do: create and empty
 * tables, cut connections, tamper.
 */
export async function asOwner<T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const owner = openDatabase(url, { max: 1, applicationName: 'test-owner', asOwner: true });
  try {
    return await work(owner.sql);
  } finally {
    await owner.close();
  }
}

/** Replaces the database's clock by one that tests move. */
async function takeClock(owner: Sql): Promise<void> {
  await owner.unsafe(`
    create table if not exists hand_clock (at timestamptz not null);
    insert into hand_clock select 'epoch' where not exists (select 1 from hand_clock);
    create or replace function hg_clock() returns timestamptz language sql volatile as 'select at from hand_clock';`);
}

/** Sets the clock, forwards or backwards. */
export async function setClock(database: Database, at: Instant): Promise<void> {
  await database.sql`update hand_clock set at = ${at}`;
}

/** Creates an account for a test. `leftMs` leaves that much of the plan's quota. */
export async function createAccount(
  world: Pick<World, 'ctx'>,
  options: { planId?: string; leftMs?: number; status?: string } = {},
): Promise<string> {
  const { ctx } = world;
  const id = newId();
  const planId = options.planId ?? 'free';
  await ctx.sql`
    insert into account (id, name, status, own_plan_id) values (${id}, 'Test', ${options.status ?? 'active'}, ${planId})`;
  if (options.leftMs !== undefined) await leaveQuota(world, id, options.leftMs);
  return id;
}

/** Books an adjustment so that exactly `leftMs` of the current period are left. */
export async function leaveQuota(
  { ctx }: Pick<World, 'ctx'>,
  accountId: string,
  leftMs: number,
): Promise<void> {
  const [row] = await ctx.sql<{ left_ms: number }[]>`
    select coalesce(p.monthly_seconds, p.once_seconds) * 1000 - coalesce((select used_ms from usage_period u
      where u.account_id = a.id and u.period = case when p.once_seconds is null
        then to_char(hg_clock() at time zone 'UTC', 'YYYY-MM') else 'trial' end), 0) as left_ms
    from account a join plan p on p.id = a.own_plan_id where a.id = ${accountId}`;
  const ms = Number(row?.left_ms) - leftMs;
  await inTx(ctx, (tx) => adjustUsage(tx, { accountId, ms, reason: 'test' }));
}
