/** When to ask, to warn and to end: pure arithmetic on this machine's monotonic clock, all in ms. */

export type Lease = {
  /** When the request that granted it was sent: counting from there, no network delay can lengthen a lease. */
  sentAt: number;
  leaseMs: number;
  final: boolean;
  guardMs: number;
  /** When a third of it has gone, if that was fixed by an earlier answer. */
  renewAt?: number;
};

const POLITE_MS = 2_000;
/** Two answers about the same end differ by how long they were on their way. */
const SAME_END_MS = 1_000;

/** When a lease is to be renewed. An answer that granted nothing new leaves the time that was set before. */
export function renewAtOf(before: Lease, fresh: Lease, now: number): number {
  const isSame = Math.abs(deadlineOf(fresh) - deadlineOf(before)) < SAME_END_MS;
  const setAt = before.renewAt ?? before.sentAt + before.leaseMs / 3;
  return isSame && setAt > now ? setAt : fresh.sentAt + fresh.leaseMs / 3;
}

export const deadlineOf = (lease: Lease): number => lease.sentAt + lease.leaseMs;

/** By then everything is over, whatever the network does. */
export const hardEndAt = (lease: Lease): number => deadlineOf(lease) - lease.guardMs;

/** When hanging up begins: up to two seconds before the hard end, less for a short lease. */
export const politeEndAt = (lease: Lease): number =>
  hardEndAt(lease) - Math.min(POLITE_MS, lease.leaseMs / 10);

/** The parts of a goodbye, one after the other, which together never pass the hard end. */
export type Goodbye = { hangUpMs: number; syncMs: number; stoppedMs: number };

/** How long each part of a goodbye may take that begins now: at most two seconds, and a little is kept for leaving. */
export function goodbyeParts(lease: Lease, now: number): Goodbye {
  const wholeMs = Math.max(0, Math.min(POLITE_MS + 500, hardEndAt(lease) - now - 50));
  const syncMs = Math.min(300, wholeMs * 0.25);
  const stoppedMs = Math.min(200, wholeMs * 0.15);
  return { hangUpMs: wholeMs - syncMs - stoppedMs, syncMs, stoppedMs };
}

/** The last question of a final lease comes this long before its end: somebody may have paid a moment ago. */
const LAST_ASK_MS = 500;

/**
 * When to ask next: after a third of the lease, three guards before its end at the latest; often while it is final, and
 * once more just before hanging up.
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

/** How long one try may wait for its answer: a quarter of what is left, so that a call that hangs costs no session. Whole ms. */
export function patienceMs(lease: Lease, now: number): number {
  const quarter = Math.floor((hardEndAt(lease) - now) / 4);
  return Math.min(LONGEST_TRY_MS, Math.max(SHORTEST_TRY_MS, quarter));
}

const SHORTEST_REST_MS = 50;

/** How long to wait between two tries: `backoffMs`, but an eighth of what is left at most, so that the last ones come soon. */
export const restMs = (lease: Lease, now: number, backoffMs: number): number =>
  Math.max(SHORTEST_REST_MS, Math.min(backoffMs, (hardEndAt(lease) - now) / 8));

export const FIRST_WARNING_MS = 10 * 60_000;
const WARN_BEFORE_MS = [FIRST_WARNING_MS, 5 * 60_000, 60_000];

/** The warnings still to come before `endAt`, latest last, as instants with what is left then. */
export function warningsBefore(endAt: number, now: number, before: readonly number[] = WARN_BEFORE_MS) {
  return before.map((leftMs) => ({ at: endAt - leftMs, leftMs })).filter((warning) => warning.at > now);
}

/** `10 minutes`, `1 minute`, `45 seconds`. */
export function inWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [count, unit] = seconds >= 60 ? [Math.round(seconds / 60), 'minute'] : [seconds, 'second'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
