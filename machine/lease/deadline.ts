/** When to ask, to warn and to end: pure arithmetic on this machine's monotonic clock, all in ms. */

export type Lease = {
  /** When the request for this lease was sent: counted from there, no network delay can lengthen the lease. */
  sentAt: number;
  leaseMs: number;
  final: boolean;
  guardMs: number;
  /** When a third of the lease has passed, if an earlier answer fixed that time. */
  renewAt?: number;
};

const POLITE_MS = 2_000;
/** Two answers about the same end differ by their time on the network. */
const SAME_END_MS = 1_000;

/** Returns when to renew a lease. An answer that grants no new time keeps the time that was set before. */
export function renewAtOf(before: Lease, fresh: Lease, now: number): number {
  const isSame = Math.abs(deadlineOf(fresh) - deadlineOf(before)) < SAME_END_MS;
  const setAt = before.renewAt ?? before.sentAt + before.leaseMs / 3;
  return isSame && setAt > now ? setAt : fresh.sentAt + fresh.leaseMs / 3;
}

export const deadlineOf = (lease: Lease): number => lease.sentAt + lease.leaseMs;

/** Returns the instant by which the machine has ended, whatever the network does. */
export const hardEndAt = (lease: Lease): number => deadlineOf(lease) - lease.guardMs;

/** Returns when hanging up begins: up to two seconds before the hard end, less for a short lease. */
export const politeEndAt = (lease: Lease): number =>
  hardEndAt(lease) - Math.min(POLITE_MS, lease.leaseMs / 10);

/** The parts of a shutdown, one after the other; together they never pass the hard end. */
export type Goodbye = { hangUpMs: number; syncMs: number; stoppedMs: number };

/** Returns the ms for each part of a shutdown that begins now: 2.5 seconds at most in all, and 50 ms are kept for the exit. */
export function goodbyeParts(lease: Lease, now: number): Goodbye {
  const wholeMs = Math.max(0, Math.min(POLITE_MS + 500, hardEndAt(lease) - now - 50));
  const syncMs = Math.min(300, wholeMs * 0.25);
  const stoppedMs = Math.min(200, wholeMs * 0.15);
  return { hangUpMs: wholeMs - syncMs - stoppedMs, syncMs, stoppedMs };
}

/** The last call of a final lease comes this long before hanging up, so that a payment made a moment ago counts. */
const LAST_ASK_MS = 500;

/**
 * Returns when to ask next: after a third of the lease, at the latest three guards before its end. A final lease is asked
 * about every one to five seconds, and once more just before hanging up.
 */
export function nextAskAt(lease: Lease, now: number): number {
  if (lease.final) {
    const lastAt = politeEndAt(lease) - LAST_ASK_MS;
    const nextAt = now + (deadlineOf(lease) - now > 10_000 ? 5_000 : 1_000);
    return now < lastAt - 50 ? Math.min(nextAt, lastAt) : nextAt;
  }
  const due = Math.min(
    lease.renewAt ?? lease.sentAt + lease.leaseMs / 3,
    deadlineOf(lease) - 3 * lease.guardMs,
  );
  return Math.max(due, now + 100);
}

const LONGEST_TRY_MS = 5_000;
const SHORTEST_TRY_MS = 500;

/**
 * Returns the time one try may wait for its answer, in whole ms: a quarter of the time left, so that a hanging call does
 * not end a session.
 */
export function patienceMs(lease: Lease, now: number): number {
  const quarter = Math.floor((hardEndAt(lease) - now) / 4);
  return Math.min(LONGEST_TRY_MS, Math.max(SHORTEST_TRY_MS, quarter));
}

const SHORTEST_REST_MS = 50;

/**
 * Returns the ms to wait between two tries: `backoffMs`, at most an eighth of the time left, so that the last tries come
 * soon.
 */
export const restMs = (lease: Lease, now: number, backoffMs: number): number =>
  Math.max(SHORTEST_REST_MS, Math.min(backoffMs, (hardEndAt(lease) - now) / 8));

export const FIRST_WARNING_MS = 10 * 60_000;
const WARN_BEFORE_MS = [FIRST_WARNING_MS, 5 * 60_000, 60_000];

/** Returns the warnings still to come before `endAt`, earliest first, each with the ms left then. */
export function warningsBefore(endAt: number, now: number, before: readonly number[] = WARN_BEFORE_MS) {
  return before.map((leftMs) => ({ at: endAt - leftMs, leftMs })).filter((warning) => warning.at > now);
}

/** Returns a duration in words: `10 minutes`, `1 minute`, `45 seconds`. */
export function inWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [count, unit] = seconds >= 60 ? [Math.round(seconds / 60), 'minute'] : [seconds, 'second'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
