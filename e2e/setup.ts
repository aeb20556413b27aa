import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { migrateDatabase } from '@/db/migrate';
import { buildAll } from '@/scripts/build-all';
import { startPostgres } from '@/scripts/services/postgres';
import { startRedis } from '@/scripts/services/redis';
import { freePorts, ROOT, startStack } from '@/scripts/stack';

/** Short leases, so that a quota of seconds is used up in seconds; everything else as in production. */
const SHORT_LEASES = {
  LEASE_MAX_SECONDS: '20',
  LEASE_MIN_SECONDS: '4',
  LEASE_GUARD_SECONDS: '1',
  STOP_GRACE_SECONDS: '2',
  MIN_START_SECONDS: '3',
  SWEEP_INTERVAL_MS: '250',
  RECONCILE_INTERVAL_SECONDS: '5',
  START_RATE_PER_MINUTE: '1000',
};

/**
 * Starts the services and the whole product once; tests find them through these variables. Returns a function that
 * stops everything.
 */
export default async function setUp(): Promise<() => Promise<void>> {
  const dir = join(ROOT, '.hourglass', 'e2e');
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  await migrateDatabase(postgres.url);
  await buildAll({});
  const ports = await freePorts();
  const authSecret = 'e2e-secret-e2e-secret-e2e-secret-e2e';
  const stack = await startStack({
    dir,
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    authSecret,
    ports,
    env: { ...SHORT_LEASES, SUPPORT_EMAIL: 'support@hourglass.test' },
  });
  Object.assign(process.env, {
    E2E_APP_URL: stack.appUrl,
    E2E_CONTROL_URL: stack.controlUrl,
    E2E_AUTH_SECRET: authSecret,
    E2E_DATABASE_URL: postgres.url,
    E2E_REDIS_URL: redis.url,
    E2E_STRIPE_URL: `http://127.0.0.1:${ports.stripe}`,
    E2E_WORKER_PORT: String(ports.worker),
  });
  return async () => {
    await stack.stop();
    await Promise.all([postgres.stop(), redis.stop()]);
  };
}
