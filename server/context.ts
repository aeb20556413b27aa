import { isDatabaseAway } from '@/db/away';
import type { Db, Sql, TxSql } from '@/db/client';
import { limitDatabaseTime } from '@/db/time-limit';
import type { Payments } from './billing/payments';
import type { Clock } from './clock';
import type { Env } from './env';
import { DomainError, quotaUnavailable } from './errors';
import type { Rates } from './http/rate';
import type { Jobs } from './jobs';
import type { Log } from './log';
import type { Machines } from './machine/machines';
import type { Scope } from './shapes';
import { LATE, withTimeout } from './with-timeout';

/** The caller of a verb. Every verb is bound to the account of its actor. */
export type Actor =
  | {
      kind: 'user';
      userId: string;
      accountId: string;
      role: 'owner' | 'member';
      isAdmin: boolean;
      /** The user is an administrator who must have a second factor and has none. */
      lacksSecondFactor: boolean;
      /** The sign-in behind the request; absent unless a browser is signed in. */
      signInId?: string;
    }
  | { kind: 'apiKey'; keyId: string; accountId: string; scopes: Scope[]; isAdmin: boolean }
  | { kind: 'system'; name: string };

/** Everything a verb may use. Processes build one context per request or per job. */
export type Ctx = {
  env: Env;
  sql: Sql;
  db: Db;
  /** A separate small pool for large reads that decide nothing, so that they never delay a renewal. */
  reports: Sql;
  clock: Clock;
  machines: Machines;
  /** The payment provider; null without a key, and then nothing is for sale. */
  payments: Payments | null;
  jobs: Jobs;
  rates: Rates;
  log: Log;
};

/**
 * The context inside a transaction: no machines, payments, jobs or second connection, so network calls do not compile.
 */
export type TxCtx = Pick<Ctx, 'env' | 'clock' | 'log'> & {
  sql: TxSql;
  /** Runs the effect after the transaction has committed, never after a rollback. For counters and alarms. */
  afterCommit(effect: () => void): void;
};

/** How long one request may wait for PostgreSQL in total; leaves room to answer within 8 s. */
export const REQUEST_TIMEOUT_MS = 6_000;
/** Longer than PostgreSQL's own limits: a server silent for this long is unreachable, whatever the network shows. */
const TIMEOUT_MS = 20_000;
/** Reserved for the commit's answer: work that finishes later than this before the limit is rolled back. */
const COMMIT_MS = 1_000;

const silent = () =>
  Object.assign(new Error('PostgreSQL gave no answer in time.'), { code: 'QUERY_TIMEOUT' });

/**
 * Runs `fn` in one READ COMMITTED transaction and returns its result. Any throw rolls everything back. Throws
 * QUOTA_UNAVAILABLE when PostgreSQL does not answer in time: the work is rolled back and does not commit later. Only
 * when the commit itself was in flight is the outcome unknown, and the message says so.
 */
export async function inTx<T>(ctx: Ctx, fn: (tx: TxCtx) => Promise<T>, timeoutMs = TIMEOUT_MS): Promise<T> {
  const attempt: Attempt = { isGivenUp: false, isCommitting: false };
  const effects: (() => void)[] = [];
  const { env, clock, log } = ctx;
  const afterCommit = (effect: () => void) => void effects.push(effect);
  const run = async (sql: unknown): Promise<T> => {
    if (attempt.isGivenUp) throw silent();
    const result = await fn({ env, clock, log, sql: sql as TxSql, afterCommit });
    if (attempt.isGivenUp) throw silent();
    attempt.isCommitting = true;
    return result;
  };
  const begin = (leftMs: number) =>
    limitDatabaseTime(leftMs - Math.min(COMMIT_MS, leftMs / 5), () => ctx.sql.begin(run)) as Promise<T>;
  const result = await bounded(begin, log, timeoutMs, attempt);
  for (const effect of effects) effect();
  return result;
}

/** Returns the result of `read`. Throws QUOTA_UNAVAILABLE when PostgreSQL does not answer in time. */
export async function failClosed<T>(read: () => Promise<T>, log: Log, timeoutMs = TIMEOUT_MS): Promise<T> {
  return bounded(read, log, timeoutMs, { isGivenUp: false, isCommitting: false });
}

type Attempt = { isGivenUp: boolean; isCommitting: boolean };

async function bounded<T>(
  work: (leftMs: number) => Promise<T>,
  log: Log,
  timeoutMs: number,
  attempt: Attempt,
): Promise<T> {
  return limitDatabaseTime(timeoutMs, async (time) => {
    try {
      const leftMs = Math.max(0, time.leftMs());
      const done = await withTimeout(work(leftMs), leftMs);
      if (done === LATE) throw silent();
      return done;
    } catch (error) {
      attempt.isGivenUp = true;
      if (error instanceof DomainError || !(isDatabaseAway(error) || time.failure)) throw error;
      log.error({ err: error }, 'PostgreSQL is unreachable');
      throw quotaUnavailable(attempt.isCommitting ? UNKNOWN_OUTCOME : NOTHING_DONE);
    }
  });
}

const NOTHING_DONE = 'Your quota cannot be checked right now, so nothing was started. Try again in a moment.';
const UNKNOWN_OUTCOME =
  'Our database did not answer in time, and your change may have been made. Check before you try again.';
