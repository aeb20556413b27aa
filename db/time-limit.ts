import { AsyncLocalStorage } from 'node:async_hooks';
import { isDatabaseAway } from './away';

/** The time one piece of work has spent waiting for PostgreSQL, and its limit. */
export class DatabaseTime {
  /** The last error that meant PostgreSQL is unreachable; libraries may wrap or swallow it. */
  failure: unknown = null;
  private waitedMs = 0;
  private waiting = 0;
  private since = 0;

  constructor(
    private readonly limitMs: number,
    private readonly outer: DatabaseTime | undefined,
  ) {}

  /** Returns the time left, in ms. Other waiting, such as for a provider, does not count. */
  leftMs(): number {
    const now = this.waiting > 0 ? performance.now() - this.since : 0;
    return Math.min(this.limitMs - this.waitedMs - now, this.outer?.leftMs() ?? Number.POSITIVE_INFINITY);
  }

  /** Counts the wait for one query. */
  count(query: Promise<unknown>): void {
    this.begin();
    query.then(
      () => this.end(null),
      (error) => this.end(error),
    );
  }

  private begin(): void {
    if (this.waiting++ === 0) this.since = performance.now();
    this.outer?.begin();
  }

  private end(error: unknown): void {
    if (--this.waiting === 0) this.waitedMs += performance.now() - this.since;
    if (error !== null && isDatabaseAway(error)) this.failure = error;
    this.outer?.end(error);
  }
}

// A bundler may load this module twice in one process, and the pools of one copy serve the other.
const KEY = Symbol.for('hourglass.databaseTime');
const store = globalThis as unknown as { [KEY]?: AsyncLocalStorage<DatabaseTime | undefined> };
store[KEY] ??= new AsyncLocalStorage();
const times = store[KEY];

/**
 * Runs `work`, whose queries may wait for `limitMs` in total, within any outer limit. Past the limit queries fail as if
 * PostgreSQL were unreachable, unsent ones are never sent, and no transaction commits.
 */
export function limitDatabaseTime<T>(limitMs: number, work: (time: DatabaseTime) => T): T {
  const time = new DatabaseTime(limitMs, times.getStore());
  return times.run(time, () => work(time));
}

/** Runs `work` outside every limit, for work that continues after its request was answered. */
export const withoutDatabaseLimit = <T>(work: () => T): T => times.run(undefined, work);

/** Returns how long a query sent now may wait, in ms, and counts its wait; undefined without a limit. For the pools. */
export function timeOfQuery(query: Promise<unknown> | undefined): number | undefined {
  const time = times.getStore();
  if (!time) return undefined;
  const leftMs = time.leftMs();
  if (query) time.count(query);
  return leftMs;
}
