import { openDatabase } from '@/db/client';
import { openPayments } from '../billing/payments';
import { systemClock } from '../clock';
import type { Ctx } from '../context';
import { type Env, parseEnv } from '../env';
import { DomainError } from '../errors';
import { noJobs } from '../jobs';
import { makeLog } from '../log';
import type { Machines } from '../machine/machines';
import { noRates } from '../rate';

/**
 * A context straight on the database: no provider, no queue. What it decides is carried out by the timekeeper. Without
 * AUTH_SECRET whatever would sign or mark with it throws INVALID_INPUT; there is no secret by default.
 */
export function openOperatorContext(source: Record<string, string | undefined>): {
  ctx: Ctx;
  close(): Promise<void>;
} {
  const env = parseOperatorEnv(source);
  const database = openDatabase(env.DATABASE_URL, {
    max: 2,
    applicationName: 'hourglass-operator',
    // To verify a ledger takes as long as it takes.
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

/** Satisfies the parser and is never used: reading AUTH_SECRET throws where none was given. */
const ABSENT = 'absent'.repeat(6);

function parseOperatorEnv(source: Record<string, string | undefined>): Env {
  const AUTH_SECRET = source.AUTH_SECRET || undefined;
  const env = parseEnv({ ...source, REDIS_URL: 'redis://unused', AUTH_SECRET: AUTH_SECRET ?? ABSENT });
  if (AUTH_SECRET !== undefined) return env;
  return Object.defineProperty(env, 'AUTH_SECRET', {
    enumerable: false,
    get(): string {
      throw new DomainError('INVALID_INPUT', NEEDS_SECRET);
    },
  });
}

export const NEEDS_SECRET =
  'Set AUTH_SECRET to the secret that web and worker have: what is signed or marked with another one is not found again.';
