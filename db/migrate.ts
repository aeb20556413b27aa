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
 * A change of a table waits for this long at most: behind a waiting change everybody else waits too. Then it steps
 * back, lets the product through, and tries again.
 */
const LONGEST_WAIT_MS = 1_000;
const PAUSE_MS = 1_000;
const TRIES = 60;

/**
 * Brings the database up to the newest migration and the product's role up to its rights, while the product runs; a
 * database without plans gets the default ones. Safe to call from several processes at once. Throws RightsMissing, or what a migration failed with.
 */
export async function migrateDatabase(databaseUrl: string): Promise<void> {
  const { url, ...tls } = readDatabaseUrl(databaseUrl);
  const client = postgres(url, { ...tls, max: 1, onnotice: () => {}, connect_timeout: 10 });
  try {
    await client`select pg_advisory_lock(${ONE_MIGRATOR_AT_A_TIME})`;
    await client.unsafe(`set lock_timeout = ${LONGEST_WAIT_MS}`);
    await withPatience(() => migrate(drizzle(client), { migrationsFolder: MIGRATIONS }));
    await withPatience(() => giveRights(client));
    await withPatience(() => chainLedgers(client));
    await withPatience(() => seedPlans(client));
  } finally {
    await client.end({ timeout: 5 });
  }
}

/** Repeats what lost against a lock of the running product: nothing of it was done. */
async function withPatience(work: () => Promise<unknown>): Promise<void> {
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

/** A lock that did not come in time, or a deadlock; the migrator wraps the error of PostgreSQL in its own. */
function isLockConflict(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return code === '55P03' || code === '40P01' || (cause !== undefined && isLockConflict(cause));
}

/** Says to a person why a migration failed: what PostgreSQL or the network said, below what libraries wrap around it. */
export function migrationSentence(error: unknown): string {
  if (error instanceof RightsMissing) return error.message;
  let last = error as { cause?: unknown; message?: string; code?: string };
  while (last.cause) last = last.cause as typeof last;
  return `The database could not be migrated: ${last.message || last.code || String(error)}.`;
}
