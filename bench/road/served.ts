import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Pool } from 'undici';
import { openDatabase, type Sql } from '@/db/client';
import { migrateDatabase } from '@/db/migrate';
import { startPostgres } from '@/scripts/services/postgres';
import { endChild, findFreePort, waitFor } from '@/scripts/services/processes';
import { startRedis } from '@/scripts/services/redis';
import { startProcess } from '../start-process';
import { cpuOf, cpuOfTree } from '../timekeeper/cpu';
import { type AccountOptions, type Caller, openCaller, signUp } from './accounts';

/** The built web, with PostgreSQL, Redis and a simulated Machines API as processes of their own. */

export type Served = {
  sql: Sql;
  pool: Pool;
  /** Creates an account with sessions whose disks exist, and an API key. */
  open(options: AccountOptions): Promise<Caller>;
  /** Creates the same for a user signed in by a browser. */
  signUp(options: AccountOptions): Promise<Caller>;
  /** CPU seconds used so far. */
  cpu(): { web: number; postgres: number };
  close(): Promise<void>;
};
/** The simulated Machines API answers after this time, in ms. */
export const PROVIDER_MS = 50;
const READY_MS = 60_000;

/** Starts the Machines API and the web, each as its own process; returns the web process and its URL. */
async function startProcesses(children: ChildProcess[], databaseUrl: string, redisUrl: string) {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const machines = ['--import', 'tsx', 'bench/timekeeper/machines-process.ts', String(PROVIDER_MS)];
  const api = startProcess(children, machines, {});
  const [line] = (await once(api.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  const [apiUrl = ''] = line.toString().trim().split(' ');
  const web = startProcess(children, ['scripts/start.mjs', 'web'], {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    AUTH_SECRET: 'bench-secret-bench-secret-bench-secret',
    APP_URL: url,
    PORT: String(port),
    FLY_API_URL: apiUrl,
    FLY_API_TOKEN: 'bench',
    FLY_ORG: 'bench',
    START_RATE_PER_MINUTE: '100000',
    LOG_LEVEL: 'error',
    NODE_ENV: 'production',
  });
  web.stdout?.resume();
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
  await waitFor(async () => web.exitCode !== null || (await isReady()), READY_MS, 100);
  return { web, url, isReady };
}

export async function startServed(connections: number): Promise<Served> {
  const children: ChildProcess[] = [];
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  await migrateDatabase(postgres.url);
  const { web, url, isReady } = await startProcesses(children, postgres.url, redis.url);
  const owner = openDatabase(postgres.url, { max: 1, asOwner: true });
  const pool = new Pool(url, { connections });
  const close = async () => {
    await pool.close();
    for (const child of children) await endChild(child, 'SIGTERM', 10_000);
    await owner.close();
    await Promise.all([postgres.stop(), redis.stop()]);
  };
  if (!(await isReady())) {
    await close();
    throw new Error('the web did not get ready');
  }
  return {
    sql: owner.sql,
    pool,
    open: (options) => openCaller(owner.sql, options),
    signUp: (options) => signUp(owner.sql, url, options),
    cpu: () => ({ web: cpuOf(web.pid ?? 0), postgres: cpuOfTree(postgres.pid) }),
    close,
  };
}
