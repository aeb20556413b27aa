import { isDatabaseAway } from '@/db/away';
import type { Db, Sql, TxSql } from '@/db/client';
import type { Payments } from './billing/payments';
import type { Clock } from './clock';
import type { Env } from './env';
import { DomainError } from './errors';
import type { Jobs } from './jobs';
import type { Log } from './log';
import type { Machines } from './machine/machines';
import { LATE, patiently } from './patience';
import type { Rates } from './rate';
import type { Scope } from './shapes';

/** Who asks. Every verb is bound to the account of its actor. */
export type Actor =
  | {
      kind: 'user';
      userId: string;
      accountId: string;
      role: 'owner' | 'member';
      isAdmin: boolean;
      /** The sign-in the request came with. */
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
export type TxCtx = Pick<Ctx, 'env' | 'clock' | 'log'> & { sql: TxSql };

/**
 * Runs `fn` in one READ COMMITTED transaction and answers what it returns. Any throw rolls everything back.
 * Throws QUOTA_UNAVAILABLE when PostgreSQL cannot be asked: quota is then refused, never assumed.
 */
export async function inTx<T>(ctx: Ctx, fn: (tx: TxCtx) => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  return failClosed(
    () =>
      ctx.sql.begin((sql) =>
        fn({ env: ctx.env, clock: ctx.clock, log: ctx.log, sql: sql as TxSql }),
      ) as Promise<T>,
    ctx.log,
    patienceMs,
  );
}

/** Longer than PostgreSQL itself lets anything take: who says nothing for so long is away, whatever the network shows. */
const PATIENCE_MS = 20_000;
const SILENT = Object.assign(new Error('PostgreSQL gave no answer.'), { code: 'CONNECT_TIMEOUT' });

/** Answers what `read` returns, or throws QUOTA_UNAVAILABLE when PostgreSQL cannot be asked. */
export async function failClosed<T>(read: () => Promise<T>, log: Log, patienceMs = PATIENCE_MS): Promise<T> {
  try {
    const done = await patiently(read(), patienceMs);
    if (done === LATE) throw SILENT;
    return done;
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    log.error({ err: error }, 'PostgreSQL cannot be asked');
    throw new DomainError(
      'QUOTA_UNAVAILABLE',
      'Your quota cannot be checked right now, so nothing was started. Try again in a moment.',
    );
  }
}
