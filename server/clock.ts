/** Whole milliseconds since 1970-01-01T00:00Z. The unit of every instant inside the domain. */
export type Instant = number;

/**
 * The process's own clock, for token lives, logs and metrics. Billing and quota decisions read PostgreSQL's clock
 * inside the transaction instead, so that two servers can never disagree.
 */
export type Clock = { now(): Instant };

export const systemClock: Clock = { now: () => Date.now() };

/** Returns a clock that moves only by `advance`, for tests. */
export function manualClock(startAt: Instant): Clock & { advance(ms: number): void } {
  let at = startAt;
  return {
    now: () => at,
    advance(ms) {
      at += ms;
    },
  };
}

/** Returns an instant as ISO-8601 UTC text, the form of every public answer. */
export const toIso = (at: Instant): string => new Date(at).toISOString();

/** Returns ISO-8601 UTC text, or null for a missing instant. */
export const toIsoOrNull = (at: Instant | null): string | null => (at === null ? null : toIso(at));

/** Converts Unix seconds, which the payment provider uses. */
export const fromUnix = (seconds: number): Instant => seconds * 1000;
export const toUnix = (at: Instant): number => Math.floor(at / 1000);
