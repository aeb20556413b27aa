import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { readDatabaseUrl } from './database-url';
import { PRODUCT_ROLE } from './rights';
import { timeOfQuery } from './time-limit';

/** The marker of the driver with all of `patches/` applied. */
const MENDED = '3.4.9+3';

/** Types of hand-written SQL: instants are read and written as whole milliseconds, bigints as safe integers. */
const rowTypes = {
  instant: {
    to: 1184,
    from: [1184, 1114],
    serialize: (at: number | string | Date) => new Date(at).toISOString(),
    parse: (text: string) => new Date(text).getTime(),
  },
  day: { to: 1082, from: [1082], serialize: (day: string) => day, parse: (day: string) => day },
  count: { to: 20, from: [20, 1700], serialize: (n: number) => String(n), parse: Number },
};

export type Sql = postgres.Sql<{ instant: number; day: string; count: number }>;
export type TxSql = postgres.TransactionSql<{ instant: number; day: string; count: number }>;
export type Db = PostgresJsDatabase;

export type DatabaseOptions = {
  max?: number;
  applicationName?: string;
  /** Uses every right of the login, as the migrator does, instead of the product's role. For tests and benches. */
  asOwner?: boolean;
  /**
   * Closes a connection with an open query after this time without a byte from PostgreSQL, in ms; 0 disables it, for
   * programs whose statements may exceed the product's limit.
   */
  silenceMs?: number;
  /** Called with the text of every statement that is sent. */
  onStatement?: (text: string) => void;
};

/**
 * Two pools on one database: `sql` for prepared hand-written statements, `db` for drizzle, which alters its parsers.
 */
export type Database = {
  sql: Sql;
  db: Db;
  /**
   * Opens every connection of `sql`; repeated within a minute, it keeps them open. Throws while PostgreSQL is
   * unreachable.
   */
  openAll(): Promise<void>;
  close(): Promise<void>;
};

/**
 * Returns the seconds before the next attempt to connect, at most 0.4. The driver's own pause grows to 20 s, and
 * queries wait for it after PostgreSQL is back while leases run out.
 */
const reconnectPause = (failures: number): number => Math.min(0.05 * 2 ** failures, 0.4);

export const LOCK_TIMEOUT_MS = 2_000;
export const STATEMENT_TIMEOUT_MS = 10_000;

const limits = (applicationName: string) => ({
  application_name: applicationName,
  // A stuck lock or a runaway query ends as an error instead of blocking a start.
  lock_timeout: LOCK_TIMEOUT_MS,
  statement_timeout: STATEMENT_TIMEOUT_MS,
  idle_in_transaction_session_timeout: 10_000,
});

/** Longer than PostgreSQL lets any statement of the product run, so a connection silent for this long is dead. */
const SILENCE_MS = 12_000;

/**
 * A row source that lets its statement commit without waiting for the disk. For writes that only schedule the next
 * check of a row, whose loss in a crash of PostgreSQL costs one extra check.
 */
export const withoutWaiting = (sql: Sql) => sql`
  (select set_config('synchronous_commit', 'off', true)) as without_waiting`;

/**
 * Opens both pools; nothing is sent before the first query. Every connection runs as the product's role, whatever the
 * login, and fails on a database that was not migrated. Throws BadDatabaseUrl, and when the driver is not the patched
 * one.
 */
export function openDatabase(databaseUrl: string, options: DatabaseOptions = {}): Database {
  needMendedDriver();
  const { url, ...tls } = readDatabaseUrl(databaseUrl);
  const pools: Pool[] = [];
  const silenceMs = options.silenceMs ?? (options.asOwner ? 0 : SILENCE_MS);
  const common = {
    ...tls,
    max: options.max ?? 10,
    connect_timeout: 5,
    silence_timeout: silenceMs / 1000,
    // One silent connection means a dead server, so all connections that have been silent since then are closed with
    // it.
    onsilent: (since: number) => {
      for (const pool of pools) pool.hangUp(since);
    },
    query_timeout: timeOfQuery,
    idle_timeout: 60,
    backoff: reconnectPause,
    onnotice: () => {},
    connection: {
      ...limits(options.applicationName ?? 'hourglass'),
      ...(options.asOwner ? {} : { role: PRODUCT_ROLE }),
    },
  };
  const { onStatement } = options;
  const debug = onStatement && ((_: number, text: string) => onStatement(text));
  const sql = postgres(url, { ...common, types: rowTypes, ...(debug ? { debug } : {}) }) as unknown as Sql;
  const client = postgres(url, common);
  pools.push(sql as unknown as Pool, client as unknown as Pool);
  return {
    sql,
    db: drizzle(client),
    openAll: async () => {
      await Promise.all(Array.from({ length: common.max }, () => sql`select 1`));
    },
    close: async () => {
      await Promise.all([sql.end({ timeout: 5 }), client.end({ timeout: 5 })]);
    },
  };
}

/** The patched driver's addition to a pool: closes connections silent since an instant of `performance.now`. */
type Pool = { hangUp(since: number): void };

/**
 * The published driver loses queries and decisions when a connection is cut. Throws when `driver` is not the patched
 * one.
 */
export function needMendedDriver(driver: unknown = postgres): void {
  if ((driver as { mended?: string }).mended === MENDED) return;
  throw new Error(
    'The PostgreSQL driver is not the patched one: run `node db/mend-driver.mjs` (or `npm ci`), and build again.',
  );
}
