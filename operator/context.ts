import { openDatabase } from '@/db/client';
import { openPayments } from '@/server/billing/payments';
import { systemClock } from '@/server/clock';
import type { Ctx } from '@/server/context';
import { type Env, parseEnv } from '@/server/env';
import { DomainError } from '@/server/errors';
import { makeLog } from '@/server/log';
import { isLoopback } from '@/server/loopback';
import type { Machines } from '@/server/machine/machines';
import { noJobs, noRates } from '@/server/without-redis';

/**
 * Opens a context on the database alone: no provider, no queue. The timekeeper carries out what commands decide.
 * Reading AUTH_SECRET or ENVIRONMENT_ID from `ctx.env` throws INVALID_INPUT when the variable is not set: neither has a
 * safe default.
 */
export function openOperatorContext(source: Record<string, string | undefined>): {
  ctx: Ctx;
  close(): Promise<void>;
} {
  const env = parseOperatorEnv(source);
  const database = openDatabase(env.DATABASE_URL, {
    max: 2,
    applicationName: 'hourglass-operator',
    // Verifying a ledger can take minutes.
    silenceMs: 0,
  });
  const machines = new Proxy({} as Machines, {
    get: () => () => {
      throw new Error('The operator command never calls the provider.');
    },
  });
  const log = makeLog('operator', 'silent');
  return {
    ctx: {
      env,
      sql: database.sql,
      db: database.db,
      reports: database.sql,
      clock: systemClock,
      machines,
      payments: openPayments(env),
      jobs: noJobs,
      rates: noRates,
      log,
    },
    close: () => database.close(),
  };
}

/** Satisfies the parser only: reading a variable that was not set throws. */
const PLACEHOLDERS = { AUTH_SECRET: 'absent'.repeat(6), ENVIRONMENT_ID: 'absent' };

function parseOperatorEnv(source: Record<string, string | undefined>): Env {
  const given = { ...source, REDIS_URL: 'redis://unused' };
  const env = parseEnv({
    ...given,
    AUTH_SECRET: source.AUTH_SECRET || PLACEHOLDERS.AUTH_SECRET,
    ENVIRONMENT_ID: source.ENVIRONMENT_ID || PLACEHOLDERS.ENVIRONMENT_ID,
  });
  if (!source.AUTH_SECRET) refuseReading(env, 'AUTH_SECRET', NEEDS_SECRET);
  if (!source.ENVIRONMENT_ID) {
    if (isLoopback(env.FLY_API_URL)) env.ENVIRONMENT_ID = 'dev';
    else refuseReading(env, 'ENVIRONMENT_ID', NEEDS_ENVIRONMENT);
  }
  return env;
}

const refuseReading = (env: Env, name: keyof Env, message: string): Env =>
  Object.defineProperty(env, name, {
    enumerable: false,
    get(): string {
      throw new DomainError('INVALID_INPUT', message);
    },
  });

const NEEDS_ENVIRONMENT =
  'Set ENVIRONMENT_ID to the value of the worker: it identifies machines and apps at the provider.';
export const NEEDS_SECRET =
  'Set AUTH_SECRET to the secret of web and worker: signatures and marks made with another one are not recognised.';
