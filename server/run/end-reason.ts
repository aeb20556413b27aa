import type { Instant } from '../clock';
import type { Env } from '../env';
import { type AccountState, availableMs, type OpenRun, periodAt } from '../quota/account-state';
import { isExcess } from '../quota/excess';
import type { EndReason } from '../shapes';
import { idleEndsAt, idleStopDueAt } from './idle';
import { bootEndsAt, stopDueAt } from './times';

/** Why runs end. Everything here is pure. */

/** An agent may report its end this long before its guard, in ms, and still obey its lease. */
const EARLY_WORD_MS = 5_000;
/** The agent's own end may come this long before its guard, in ms: hanging up shells takes up to two seconds. */
const POLITE_END_MS = 3_000;
/**
 * The provider's clock may differ by this much, in ms: a machine that ends at once when told may seem to have ended
 * before.
 */
const CLOCKS_APART_MS = 1_000;
/** A machine with a final lease asks at least this often, in ms, the time of a call included. */
const ASKS_APART_MS = 6_000;

type LeaseEnv = Pick<Env, 'LEASE_GUARD_SECONDS' | 'LEASE_MIN_SECONDS'>;

/**
 * Returns why a lease ran out: `quota` when the account has less than a smallest slice to grant, whichever session took
 * the last of it; `limit` when more was available and the agent did not ask in time.
 */
function leaseEndReason(env: LeaseEnv, state: AccountState, run: OpenRun): EndReason {
  const leftMs = availableMs(state, periodAt(state.plan, run.leaseUntil));
  return leftMs < env.LEASE_MIN_SECONDS * 1000 ? 'quota' : 'limit';
}

/** Returns why a running run that asks for a renewal has to end instead, or null. */
export function whyNotRenewed(env: LeaseEnv, state: AccountState, run: OpenRun): EndReason | null {
  if (state.status !== 'active') return 'blocked';
  if (isExcess(state, run)) return 'plan';
  if (state.now >= run.leaseUntil) return leaseEndReason(env, state, run);
  const idleAt = idleEndsAt(state, run);
  return idleAt !== null && state.now >= idleAt ? 'idle' : null;
}

/** Returns why the clock or the plan ends an open run now, or null. */
export function whyDue(
  env: LeaseEnv & Pick<Env, 'BOOT_TIMEOUT_SECONDS'>,
  state: AccountState,
  run: OpenRun,
): EndReason | null {
  if (run.status === 'stopping') return null;
  if (run.status === 'starting' && state.now >= bootEndsAt(env, run.admittedAt)) return 'boot_timeout';
  if (isExcess(state, run)) return 'plan';
  if (run.status !== 'running') return null;
  if (state.now >= stopDueAt(env, run.leaseUntil)) return leaseEndReason(env, state, run);
  const idleAt = idleStopDueAt(state, run);
  return idleAt !== null && state.now >= idleAt ? 'idle' : null;
}

/** Returns why a run ends whose agent reports its end: at the end of the lease the quota's reason, earlier `machine_exit`. */
export function whyAgentEnds(env: LeaseEnv, state: AccountState, run: OpenRun): EndReason {
  const nearEnd = state.now >= stopDueAt(env, run.leaseUntil) - EARLY_WORD_MS;
  return run.startedAt !== null && nearEnd ? leaseEndReason(env, state, run) : 'machine_exit';
}

/** The reasons concluded from clock and plan alone, without a request by a user. */
const CONCLUDED: readonly EndReason[] = ['boot_timeout', 'plan', 'quota', 'limit', 'idle'];

/**
 * Returns why a run ended whose machine is proven dead since `endAt` (null: unknown since when). A concluded reason
 * counts only if the machine was alive when it was told to stop: one that had died before ended by itself.
 */
export function whyEnded(env: LeaseEnv, state: AccountState, run: OpenRun, endAt: Instant | null): EndReason {
  if (run.endReason && !isDisproven(run, endAt)) return run.endReason;
  if (run.startedAt === null) return 'provider';
  const ownEndFrom = stopDueAt(env, run.leaseUntil) - POLITE_END_MS;
  return endAt === null || endAt < ownEndFrom ? 'machine_exit' : leaseEndReason(env, state, run);
}

/** The reasons concluded when a lease runs out. */
const RAN_OUT: readonly EndReason[] = ['quota', 'limit'];

/**
 * Returns why a run ended whose machine vanished: it counts as dead since its last proof of life. That its lease ran
 * out long after that was a guess, which is dropped; a requested stop stays.
 */
export function whyVanished(run: OpenRun): EndReason {
  const { endReason, stopRequestedAt } = run;
  if (endReason === null) return 'provider';
  const wasSilent = stopRequestedAt !== null && run.proofAt < stopRequestedAt - ASKS_APART_MS;
  return run.startedAt !== null && wasSilent && RAN_OUT.includes(endReason) ? 'provider' : endReason;
}

const isDisproven = (run: OpenRun, endAt: Instant | null): boolean =>
  run.startedAt !== null &&
  endAt !== null &&
  run.stopRequestedAt !== null &&
  endAt < run.stopRequestedAt - CLOCKS_APART_MS &&
  run.endReason !== null &&
  CONCLUDED.includes(run.endReason);
