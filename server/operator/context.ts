import { openDatabase } from '@/db/client';
import { openPayments } from '../billing/payments';
import { systemClock } from '../clock';
import type { Ctx } from '../context';
import { parseEnv } from '../env';
import { noJobs } from '../jobs';
import { makeLog } from '../log';
import type { Machines } from '../machine/machines';
import { noRates } from '../rate';

/** A context straight on the database: no provider, no queue. What it decides is carried out by the timekeeper. */
export function openOperatorContext(source: Record<string, string | undefined>): {
  ctx: Ctx;
  close(): Promise<void>;
} {
  const env = parseEnv({
    ...source,
    REDIS_URL: 'redis://unused',
    AUTH_SECRET: source.AUTH_SECRET ?? 'unused-by-this-command-unused-by-it',
  });
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
