import type { Instant } from '../clock';
import type { Env } from '../env';
import { type AccountState, availableMs, type OpenRun, periodAt } from '../quota/account-state';
import { isExcess } from '../quota/excess';
import type { EndReason } from '../shapes';
import { idleEndsAt, idleStopDueAt } from './idle';
import { bootEndsAt, stopDueAt } from './times';

/** Why runs end. All of it pure. */

/** An agent that tells of its end may do so this much before its guard and still obey its lease. */
const EARLY_WORD_MS = 5_000;
/** The agent's own end may come this much before its guard: hanging up shells takes up to two seconds. */
const POLITE_END_MS = 3_000;
/** How far a provider's clock may be from ours: a machine that ends at once when told may seem to have ended before. */
const CLOCKS_APART_MS = 1_000;
/** A machine asks at least this often while its lease is final, with the time that a call takes. */
const ASKS_APART_MS = 6_000;

type LeaseEnv = Pick<Env, 'LEASE_GUARD_SECONDS' | 'LEASE_MIN_SECONDS'>;

/**
 * Why a lease ran out: `quota` when the account has less than a smallest slice left to grant, whichever of its sessions took
 * the last of it; `limit` when there was more and nobody asked in time.
 */
function leaseEndReason(env: LeaseEnv, state: AccountState, run: OpenRun): EndReason {
  const leftMs = availableMs(state, periodAt(state.plan, run.leaseUntil));
  return leftMs < env.LEASE_MIN_SECONDS * 1000 ? 'quota' : 'limit';
}

/** Why a running run that asks for a renewal has to end instead, or null. */
export function whyNotRenewed(env: LeaseEnv, state: AccountState, run: OpenRun): EndReason | null {
  if (state.status !== 'active') return 'blocked';
  if (isExcess(state, run)) return 'plan';
  if (state.now >= run.leaseUntil) return leaseEndReason(env, state, run);
  const idleAt = idleEndsAt(state, run);
  return idleAt !== null && state.now >= idleAt ? 'idle' : null;
}

/** Why the clock or the plan ends an open run now, or null. */
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

/** Why an agent ends that says so: at the end of its lease it obeys the quota; earlier it was ended from inside. */
export function whyAgentEnds(env: LeaseEnv, state: AccountState, run: OpenRun): EndReason {
  const nearEnd = state.now >= stopDueAt(env, run.leaseUntil) - EARLY_WORD_MS;
  return run.startedAt !== null && nearEnd ? leaseEndReason(env, state, run) : 'machine_exit';
}

/** What is concluded from clock and plan alone, and never asked for by a person. */
const CONCLUDED: readonly EndReason[] = ['boot_timeout', 'plan', 'quota', 'limit', 'idle'];

/**
 * Why a run ended whose machine is proven dead since `endAt` (null: nobody knows since when). What was concluded counts
 * only if the machine was alive when it was asked to stop: one that had died before ended by itself.
 */
export function whyEnded(env: LeaseEnv, state: AccountState, run: OpenRun, endAt: Instant | null): EndReason {
  if (run.endReason && !isDisproven(run, endAt)) return run.endReason;
  if (run.startedAt === null) return 'provider';
  const ownEndFrom = stopDueAt(env, run.leaseUntil) - POLITE_END_MS;
  return endAt === null || endAt < ownEndFrom ? 'machine_exit' : leaseEndReason(env, state, run);
}

/** What is concluded when a lease runs out unasked for. */
const RAN_OUT: readonly EndReason[] = ['quota', 'limit'];

/**
 * Why a run ended whose machine is gone without a trace: it counts as dead since its last proof of life. That its lease ran out
 * long after that was a guess; what was asked for, or told to the machine, stays.
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
