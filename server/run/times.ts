import type { Instant } from '../clock';
import type { Env } from '../env';
import type { AccountState, OpenRun } from '../quota/account-state';
import { remainingMs } from '../quota/decide-start';
import { isExcess } from '../quota/excess';
import type { EndReason, StopCause } from '../shapes';
import { idleEndsAt } from './idle';
import type { RunRow } from './run-row';

/** When things happen to a run. All of it pure; the rule of the idle stop is in `idle.ts`. Instants and spans in ms. */

/**
 * How long a start may be on its way to the provider. Until then nobody else concludes that its machine is missing;
 * after it, a start whose web process died is looked up, adopted or given up.
 */
export const LAUNCH_LIMIT_MS = 30_000;

/** While one process works on a run the others leave it alone for this long; then they may try themselves. */
export const CLAIM_MS = 5_000;

/** A stopping machine that is not proven dead after so many tries (some eight minutes) is parked: a person has to look at it. */
export const PARKED_AFTER = 100;

/** How often a booting machine is looked at. */
const BOOT_LOOK_MS = 1_000;
/**
 * A machine of which nobody has written down which it is: its order may be under way, or its answer lost, or who gave it dead.
 * It is looked for 2 s, 5 s and 10 s after the order and then every 5 s; its list call is one of five a second and app.
 */
export const FIRST_LOOK_MS = 2_000;
const UNKNOWN_PAUSES_MS = [3_000, 5_000];
const LAST_UNKNOWN_PAUSE_MS = 5_000;
/** Pauses between two looks at a machine that will not die: short in its first minute, longer after. */
const FRESH_MS = 60_000;
const FRESH_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
const PARKED_PAUSE_MS = 5 * 60_000;

/** Two reads that do not show a machine must be at least this far apart to be believed. */
const READS_APART_MS = 1_500;
/** Without a machine's id only listings can be asked, and listings lag: their reads must be further apart. */
const LISTS_APART_MS = 5_000;

/** The longest a machine's word may wait for us before it counts: longer than any machine waits for the answer. */
const LATE_WORD_MS = 20_000;

/** When a start is no longer on its way to the provider. */
export const launchEndsAt = (run: Pick<RunRow, 'admitted_at'>): Instant => run.admitted_at + LAUNCH_LIMIT_MS;

/** When a boot that has not come up is given up. */
export const bootEndsAt = (env: Pick<Env, 'BOOT_TIMEOUT_SECONDS'>, admittedAt: Instant): Instant =>
  admittedAt + env.BOOT_TIMEOUT_SECONDS * 1000;

/** When the machine of a running run should have ended by itself: a guard before its lease ends. */
export const stopDueAt = (env: Pick<Env, 'LEASE_GUARD_SECONDS'>, leaseUntil: Instant): Instant =>
  leaseUntil - env.LEASE_GUARD_SECONDS * 1000;

/**
 * When a running run has to be looked at: as its machine should have ended; soon, while nobody knows which machine it has.
 */
export const runningDueAt = (
  env: Pick<Env, 'LEASE_GUARD_SECONDS'>,
  run: Pick<OpenRun, 'machineId'>,
  leaseUntil: Instant,
  now: Instant,
): Instant =>
  run.machineId === null
    ? Math.min(stopDueAt(env, leaseUntil), now + FIRST_LOOK_MS)
    : stopDueAt(env, leaseUntil);

/** The pause after so many looks for a machine that nobody knows. */
const unknownPauseMs = (attempts: number): number => UNKNOWN_PAUSES_MS[attempts - 1] ?? LAST_UNKNOWN_PAUSE_MS;

type Stopping = Pick<RunRow, 'stop_requested_at' | 'started_at' | 'lease_until' | 'now'>;

/** When the polite time of a stopping run is over: its grace, or its lease if that ends first. */
export function killAt(env: Pick<Env, 'STOP_GRACE_SECONDS'>, run: Stopping): Instant {
  const graceEndsAt = (run.stop_requested_at ?? run.now) + env.STOP_GRACE_SECONDS * 1000;
  return run.started_at === null ? graceEndsAt : Math.min(graceEndsAt, run.lease_until);
}

/** True for a machine that was pressed again and again and is not proven dead. */
export const isParked = (run: Pick<RunRow, 'status' | 'attempts'>): boolean =>
  run.status === 'stopping' && run.attempts >= PARKED_AFTER;

/** When the timekeeper has to look at this run next. */
export function nextCheckAt(
  env: Pick<Env, 'LEASE_GUARD_SECONDS' | 'STOP_GRACE_SECONDS'>,
  run: Stopping & Pick<RunRow, 'status' | 'attempts' | 'machine_id' | 'admitted_at'>,
): Instant {
  const unknownAt = run.machine_id === null ? run.now + unknownPauseMs(run.attempts) : null;
  if (run.status === 'running') {
    const dueAt = stopDueAt(env, run.lease_until);
    return unknownAt === null ? dueAt : Math.min(dueAt, unknownAt);
  }
  if (run.status === 'starting') {
    // Once its launch is over, what no list shows is soon proven to be missing.
    const isUnderWay = unknownAt !== null && run.now < launchEndsAt(run);
    return isUnderWay ? Math.min(unknownAt, launchEndsAt(run)) : run.now + BOOT_LOOK_MS;
  }
  if (isParked(run)) return run.now + PARKED_PAUSE_MS;
  // A machine that will not die is pressed again after 0.25 s, 0.5 s, 1 s …, and at once when its polite time is over.
  const fresh = run.now - (run.stop_requested_at ?? run.now) < FRESH_MS;
  const pause = Math.min(125 * 2 ** Math.min(run.attempts, 8), fresh ? FRESH_PAUSE_MS : LONGEST_PAUSE_MS);
  const politeEnd = killAt(env, run);
  return politeEnd > run.now ? Math.min(run.now + pause, politeEnd) : run.now + pause;
}

/** From when on a second read without the machine is believed, after a first one at `missingSince`. */
export const missingProvenAt = (run: Pick<RunRow, 'machine_id'>, missingSince: Instant): Instant =>
  missingSince + (run.machine_id === null ? LISTS_APART_MS : READS_APART_MS);

/**
 * When a run that is proven dead ended: as the provider saw it, also a little before the machine's last word was taken, for
 * that word may have waited for us while its machine died. Without that, or where both are far apart, the last word is the
 * end. Never before the start, and never after this moment, whatever the provider's clock says.
 */
export function provenEnd(
  run: Pick<OpenRun, 'startedAt' | 'proofAt'>,
  seenAt: Instant | null,
  now: Instant,
): Instant {
  if (seenAt === null || seenAt < run.proofAt - LATE_WORD_MS) return Math.min(run.proofAt, now);
  return Math.min(Math.max(seenAt, run.startedAt ?? run.proofAt), now);
}

type Stop = { at: Instant; cause: StopCause | null };

/**
 * When a run ends as things stand, and why: its final lease, or the quota at today's pace, or its idle stop, whichever
 * comes first. Null while nothing limits it.
 */
export function nextStop(state: AccountState, run: OpenRun): Stop | null {
  if (run.status === 'stopping')
    return { at: run.leaseUntil, cause: CAUSES[run.endReason ?? 'limit'] ?? null };
  if (run.startedAt === null) return null;
  if (isExcess(state, run)) return { at: state.now, cause: 'plan' };
  const stops: Stop[] = [];
  const quotaAt = quotaEndsAt(state, run);
  if (quotaAt !== null) stops.push({ at: quotaAt, cause: 'quota' });
  const idleAt = idleEndsAt(state, run);
  if (idleAt !== null) stops.push({ at: idleAt, cause: 'idle' });
  return stops.toSorted((a, b) => a.at - b.at)[0] ?? null;
}

/** What people are told of a reason while it still takes effect. */
const CAUSES: Partial<Record<EndReason, StopCause>> = {
  quota: 'quota',
  idle: 'idle',
  plan: 'plan',
  blocked: 'plan',
  user: 'user',
  deleted: 'user',
};

/** When the quota is used up at the pace of the sessions that run; null without a limit. */
function quotaEndsAt(state: AccountState, run: OpenRun): Instant | null {
  if (run.final) return run.leaseUntil;
  const running = Math.max(1, state.openRuns.filter((other) => other.status === 'running').length);
  const rest = remainingMs(state);
  return rest === Number.POSITIVE_INFINITY ? null : state.now + Math.floor(rest / running);
}
