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

/** Who asks. Every verb is bound to the account of its actor. */
export type Actor =
  | {
      kind: 'user';
      userId: string;
      accountId: string;
      role: 'owner' | 'member';
      isAdmin: boolean;
      /** Administrators are asked for a second factor and this person has none. */
      lacksSecondFactor: boolean;
      /** The sign-in that asks; absent where nobody is signed in by a browser. */
      signInId?: string;
    }
  | { kind: 'apiKey'; keyId: string; accountId: string; scopes: Scope[]; isAdmin: boolean }
  | { kind: 'system'; name: string };

/** Everything a verb may use. Doors build one per request or per job. */
export type Ctx = {
  env: Env;
  sql: Sql;
  db: Db;
  clock: Clock;
  machines: Machines;
  /** The payment provider; null while no key is set: then nothing is for sale. */
  payments: Payments | null;
  jobs: Jobs;
  rates: Rates;
  log: Log;
};

/** The context inside a transaction: no machines, no payments, no jobs, no second connection. The network does not compile here. */
export type TxCtx = Pick<Ctx, 'env' | 'clock' | 'log'> & {
  sql: TxSql;
  /** Runs the effect once the transaction has committed, and never when it is rolled back: for counters and alarms. */
  afterCommit(effect: () => void): void;
};

/** How long one request may wait for PostgreSQL in all: whoever asked has an answer within 8 s. */
export const REQUEST_TIMEOUT_MS = 6_000;
/** Longer than PostgreSQL itself lets anything take: who says nothing for so long is away, whatever the network shows. */
const TIMEOUT_MS = 20_000;
/** Kept for the answer of the commit: what is decided later than this before the limit is rolled back. */
const COMMIT_MS = 1_000;

const silent = () =>
  Object.assign(new Error('PostgreSQL gave no answer in time.'), { code: 'QUERY_TIMEOUT' });

/**
 * Runs `fn` in one READ COMMITTED transaction and returns what it returns. Any throw rolls everything back.
 * Throws QUOTA_UNAVAILABLE when PostgreSQL cannot be asked in time: quota is then refused, never assumed, and what was
 * refused does not commit later. Only while the commit itself is on its way nobody can know; then the sentence says so.
 */
export async function inTx<T>(ctx: Ctx, fn: (tx: TxCtx) => Promise<T>, patienceMs = TIMEOUT_MS): Promise<T> {
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
  const result = await bounded(begin, log, patienceMs, attempt);
  for (const effect of effects) effect();
  return result;
}

/** Returns what `read` returns, or throws QUOTA_UNAVAILABLE when PostgreSQL cannot be asked in time. */
export async function failClosed<T>(read: () => Promise<T>, log: Log, patienceMs = TIMEOUT_MS): Promise<T> {
  return bounded(read, log, patienceMs, { isGivenUp: false, isCommitting: false });
}

type Attempt = { isGivenUp: boolean; isCommitting: boolean };

async function bounded<T>(
  work: (leftMs: number) => Promise<T>,
  log: Log,
  patienceMs: number,
  attempt: Attempt,
): Promise<T> {
  return limitDatabaseTime(patienceMs, async (time) => {
    try {
      const leftMs = Math.max(0, time.leftMs());
      const done = await withTimeout(work(leftMs), leftMs);
      if (done === LATE) throw silent();
      return done;
    } catch (error) {
      attempt.isGivenUp = true;
      if (error instanceof DomainError || !(isDatabaseAway(error) || time.failure)) throw error;
      log.error({ err: error }, 'PostgreSQL cannot be asked');
      throw quotaUnavailable(attempt.isCommitting ? UNKNOWN_OUTCOME : NOTHING_DONE);
    }
  });
}

const NOTHING_DONE = 'Your quota cannot be checked right now, so nothing was started. Try again in a moment.';
const UNKNOWN_OUTCOME =
  'Our database did not answer in time, and what you asked for may have been done. Look before you try again.';
