/** Milliseconds since 1970-01-01T00:00Z, always whole. The unit of every instant inside the domain. */
export type Instant = number;

/**
 * The process's own clock: for token lives, logs and metrics. Everything that is billed or decided on quota
 * reads PostgreSQL's clock inside the transaction instead, so that two servers can never disagree.
 */
export type Clock = { now(): Instant };

export const systemClock: Clock = { now: () => Date.now() };

/** A clock that moves only when told, for tests. */
export function manualClock(startAt: Instant): Clock & { advance(ms: number): void } {
  let at = startAt;
  return {
    now: () => at,
    advance(ms) {
      at += ms;
    },
  };
}

/** ISO-8601 UTC text of an instant, as every public answer carries it. */
export const toIso = (at: Instant): string => new Date(at).toISOString();

/** ISO-8601 text or null for an instant that may be missing. */
export const toIsoOrNull = (at: Instant | null): string | null => (at === null ? null : toIso(at));

/** Unix seconds, as the payment provider writes instants. */
export const fromUnix = (seconds: number): Instant => seconds * 1000;
export const toUnix = (at: Instant): number => Math.floor(at / 1000);
