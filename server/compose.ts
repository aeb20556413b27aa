import { openDatabase } from '@/db/client';
import { surviveCutConnections } from '@/db/guard';
import { openPayments } from './billing/payments';
import { systemClock } from './clock';
import type { Ctx } from './context';
import { type Env, secretsOf } from './env';
import { openRates } from './http/rate';
import { openJobs } from './jobs';
import { makeLog } from './log';
import { openFly } from './machine/fly';

/** Reports queue for these connections; nothing else waits for them. */
const REPORT_CONNECTIONS = 2;

/** Opens the context of a process: every port, configured from the environment. `close` closes them all. */
export function openContext(
  env: Env,
  service: string,
  databaseConnections?: number,
): { ctx: Ctx; openConnections(): Promise<void>; close(): Promise<void> } {
  const log = makeLog(service, env.LOG_LEVEL, secretsOf(env));
  surviveCutConnections((err, survived) =>
    survived ? log.warn({ err }, 'PostgreSQL cut a connection') : log.fatal({ err }, 'uncaught error'),
  );
  const pool = (applicationName: string, max?: number) =>
    openDatabase(env.DATABASE_URL, { applicationName, max });
  const database = pool(`hourglass-${service}`, databaseConnections);
  const reports = pool(`hourglass-${service}-reports`, REPORT_CONNECTIONS);
  const machines = openFly({
    apiUrl: env.FLY_API_URL,
    token: env.FLY_API_TOKEN,
    org: env.FLY_ORG,
    environmentId: env.ENVIRONMENT_ID,
    image: env.SESSION_IMAGE,
    log,
  });
  const jobs = openJobs({ url: env.REDIS_URL, environmentId: env.ENVIRONMENT_ID }, systemClock.now, log);
  const rates = openRates(env.REDIS_URL, env.START_RATE_PER_MINUTE, env.SIGNUP_RATE_PER_DAY);
  const ctx: Ctx = {
    env,
    sql: database.sql,
    db: database.db,
    reports: reports.sql,
    clock: systemClock,
    machines,
    payments: openPayments(env),
    jobs,
    rates,
    log,
  };
  return {
    ctx,
    openConnections: () => database.openAll(),
    close: async () => {
      await Promise.allSettled([
        jobs.close(),
        rates.close(),
        machines.close(),
        database.close(),
        reports.close(),
      ]);
    },
  };
}
