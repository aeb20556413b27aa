import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { chainLedgers } from './chain-ledgers';
import { readDatabaseUrl } from './database-url';
import { giveRights, RightsMissing } from './rights';
import { seedPlans } from './seed';

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));
const ONE_MIGRATOR_AT_A_TIME = 4_281_961;

/**
 * A change of a table waits at most this long for its lock, because every other query queues behind it. Then it lets
 * them through and tries again.
 */
const LOCK_TIMEOUT_MS = 1_000;
const PAUSE_MS = 1_000;
const TRIES = 60;

/**
 * Migrates the database and the rights of the product's role while the product runs; a database without plans gets the
 * default ones. Safe to call from several processes at once. Throws RightsMissing, or the error of a migration.
 */
export async function migrateDatabase(databaseUrl: string): Promise<void> {
  const { url, ...tls } = readDatabaseUrl(databaseUrl);
  const client = postgres(url, { ...tls, max: 1, onnotice: () => {}, connect_timeout: 10 });
  try {
    await client`select pg_advisory_lock(${ONE_MIGRATOR_AT_A_TIME})`;
    await client.unsafe(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await retryOnLockConflict(() => migrate(drizzle(client), { migrationsFolder: MIGRATIONS }));
    await retryOnLockConflict(() => giveRights(client));
    await retryOnLockConflict(() => chainLedgers(client));
    await retryOnLockConflict(() => seedPlans(client));
  } finally {
    await client.end({ timeout: 5 });
  }
}

/** Repeats `work` when it loses a lock to the running product, which rolls it back. */
async function retryOnLockConflict(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await work();
      return;
    } catch (error) {
      if (tries >= TRIES || !isLockConflict(error)) throw error;
      await pause(PAUSE_MS);
    }
  }
}

/** Whether a lock timed out or deadlocked; the migrator wraps PostgreSQL's error in its own. */
function isLockConflict(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return code === '55P03' || code === '40P01' || (cause !== undefined && isLockConflict(cause));
}

/** Returns a sentence for the operator: the innermost error of PostgreSQL or the network. */
export function migrationSentence(error: unknown): string {
  if (error instanceof RightsMissing) return error.message;
  let last = error as { cause?: unknown; message?: string; code?: string };
  while (last.cause) last = last.cause as typeof last;
  return `The database could not be migrated: ${last.message || last.code || String(error)}.`;
}
