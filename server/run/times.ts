import type { Instant } from '../clock';
import type { Env } from '../env';
import type { AccountState, OpenRun } from '../quota/account-state';
import { remainingMs } from '../quota/decide-start';
import { isExcess } from '../quota/excess';
import type { EndReason, StopCause } from '../shapes';
import { idleEndsAt } from './idle';
import type { RunRow } from './run-row';

/**
 * When things happen to a run. Everything here is pure; the rule of the idle stop is in `idle.ts`. Instants and
 * durations in ms.
 */

/**
 * The longest time a start may be on its way to the provider. Until then no other process concludes that its machine is
 * missing; afterwards, a start whose web process died is looked up, adopted or given up.
 */
export const LAUNCH_LIMIT_MS = 30_000;

/** A claim of a run keeps other processes away for this long; then they may check the run themselves. */
export const CLAIM_MS = 5_000;

/**
 * After this many attempts (about eight minutes) a stopping machine that is not proven dead is parked for an operator.
 */
export const PARKED_AFTER = 100;

/** The pause between two checks of a booting machine. */
const BOOT_LOOK_MS = 1_000;
/**
 * When to look for a machine whose id is not recorded, because its order is under way, its answer lost or its process
 * dead: 2 s, 5 s and 10 s after the order, then every 5 s. List calls are limited to five per second and app.
 */
export const FIRST_LOOK_MS = 2_000;
const UNKNOWN_PAUSES_MS = [3_000, 5_000];
const LAST_UNKNOWN_PAUSE_MS = 5_000;
/** Pauses between two checks of a machine that does not die: short in its first minute, longer afterwards. */
const FRESH_MS = 60_000;
const FRESH_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
const PARKED_PAUSE_MS = 5 * 60_000;

/** Two reads that do not show a machine must be at least this far apart to count. */
const READS_APART_MS = 1_500;
/** Without a machine's id only lists can be read, and lists lag: their reads must be further apart. */
const LISTS_APART_MS = 5_000;

/** The longest delay between an agent's call and its processing: longer than any machine waits for the answer. */
const LATE_WORD_MS = 20_000;

/** Returns when a start is no longer on its way to the provider. */
export const launchEndsAt = (run: Pick<RunRow, 'admitted_at'>): Instant => run.admitted_at + LAUNCH_LIMIT_MS;

/** Returns when a boot that has not completed is given up. */
export const bootEndsAt = (env: Pick<Env, 'BOOT_TIMEOUT_SECONDS'>, admittedAt: Instant): Instant =>
  admittedAt + env.BOOT_TIMEOUT_SECONDS * 1000;

/** Returns when the machine of a running run should have ended by itself: a guard before its lease ends. */
export const stopDueAt = (env: Pick<Env, 'LEASE_GUARD_SECONDS'>, leaseUntil: Instant): Instant =>
  leaseUntil - env.LEASE_GUARD_SECONDS * 1000;

/**
 * Returns when a running run is to be checked: when its machine should have ended; soon, while its machine is unknown.
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

/** Returns the pause after this many searches for an unknown machine. */
const unknownPauseMs = (attempts: number): number => UNKNOWN_PAUSES_MS[attempts - 1] ?? LAST_UNKNOWN_PAUSE_MS;

type Stopping = Pick<RunRow, 'stop_requested_at' | 'started_at' | 'lease_until' | 'now'>;

/** Returns when the grace period of a stopping run is over, or its lease if that ends first. */
export function killAt(env: Pick<Env, 'STOP_GRACE_SECONDS'>, run: Stopping): Instant {
  const graceEndsAt = (run.stop_requested_at ?? run.now) + env.STOP_GRACE_SECONDS * 1000;
  return run.started_at === null ? graceEndsAt : Math.min(graceEndsAt, run.lease_until);
}

/** Returns whether a machine was told to stop many times and is not proven dead. */
export const isParked = (run: Pick<RunRow, 'status' | 'attempts'>): boolean =>
  run.status === 'stopping' && run.attempts >= PARKED_AFTER;

/** Returns when the timekeeper has to check this run next. */
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
    // After its launch is over, a machine that no list shows is soon proven missing.
    const isUnderWay = unknownAt !== null && run.now < launchEndsAt(run);
    return isUnderWay ? Math.min(unknownAt, launchEndsAt(run)) : run.now + BOOT_LOOK_MS;
  }
  if (isParked(run)) return run.now + PARKED_PAUSE_MS;
  // A machine that does not die is stopped again after 0.25 s, 0.5 s, 1 s …, and at once when its grace period is over.
  const fresh = run.now - (run.stop_requested_at ?? run.now) < FRESH_MS;
  const pause = Math.min(125 * 2 ** Math.min(run.attempts, 8), fresh ? FRESH_PAUSE_MS : LONGEST_PAUSE_MS);
  const politeEnd = killAt(env, run);
  return politeEnd > run.now ? Math.min(run.now + pause, politeEnd) : run.now + pause;
}

/** Returns from when on a second read without the machine counts, after a first one at `missingSince`. */
export const missingProvenAt = (run: Pick<RunRow, 'machine_id'>, missingSince: Instant): Instant =>
  missingSince + (run.machine_id === null ? LISTS_APART_MS : READS_APART_MS);

/**
 * Returns when a run that is proven dead ended: as reported by the provider, even slightly before the machine's last
 * call was processed, which may have been delayed while the machine died. Without that, or when both are far apart, the
 * last call. Never before the start, and never after this moment, whatever the provider's clock says.
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
 * Returns when a run ends as of now, and why: its final lease, the quota at today's pace, or its idle stop, whichever
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

/** The displayed cause of a reason before it takes effect. */
const CAUSES: Partial<Record<EndReason, StopCause>> = {
  quota: 'quota',
  idle: 'idle',
  plan: 'plan',
  blocked: 'plan',
  user: 'user',
  deleted: 'user',
};

/** Returns when the quota is used up at the pace of the running sessions; null without a limit. */
function quotaEndsAt(state: AccountState, run: OpenRun): Instant | null {
  if (run.final) return run.leaseUntil;
  const running = Math.max(1, state.openRuns.filter((other) => other.status === 'running').length);
  const rest = remainingMs(state);
  return rest === Number.POSITIVE_INFINITY ? null : state.now + Math.floor(rest / running);
}
