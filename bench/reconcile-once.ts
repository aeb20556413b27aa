import { openDatabase } from '@/db/client';
import { systemClock } from '@/server/clock';
import type { Ctx } from '@/server/context';
import { parseEnv } from '@/server/env';
import { reconcile } from '@/server/inventory/reconcile';
import { makeLog } from '@/server/log';
import { openFly } from '@/server/machine/fly';
import { noJobs, noRates } from '@/server/without-redis';

/** Runs one pass of the reconciler in its own process and prints its cost as one line of JSON. */

const env = parseEnv(process.env);
const log = makeLog('bench', 'silent');
let statements = 0;
const database = openDatabase(env.DATABASE_URL, { onStatement: () => statements++ });
const machines = openFly({
  apiUrl: env.FLY_API_URL,
  token: 'local',
  org: 'bench',
  environmentId: env.ENVIRONMENT_ID,
  image: 'machine',
  log,
});
const ctx: Ctx = {
  env,
  sql: database.sql,
  reports: database.sql,
  db: database.db,
  clock: systemClock,
  machines,
  payments: null,
  jobs: noJobs,
  rates: noRates,
  log,
};
await database.sql`select 1`;
statements = 0;
const idleMb = process.memoryUsage.rss() / 2 ** 20;
const cpuBefore = process.cpuUsage();
const startedAt = performance.now();
const result = await reconcile(ctx);
const wallSeconds = (performance.now() - startedAt) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
const peakMb = process.resourceUsage().maxRSS / 1024;
process.stdout.write(
  `${JSON.stringify({ result, wallSeconds, cpuSeconds: (user + system) / 1e6, peakMb, idleMb, statements })}\n`,
);
await Promise.all([machines.close(), database.close()]);
