import type { Instant } from '../clock';
import type { Env } from '../env';
import type { AccountState, OpenRun } from '../quota/account-state';
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

/** Why a lease is not renewed: its quota is gone, or nobody asked in time. */
const leaseEndReason = (run: OpenRun): EndReason => (run.final ? 'quota' : 'limit');

/** Why a running run that asks for a renewal has to end instead, or null. */
export function whyNotRenewed(state: AccountState, run: OpenRun): EndReason | null {
  if (state.status !== 'active') return 'blocked';
  if (isExcess(state, run)) return 'plan';
  if (state.now >= run.leaseUntil) return leaseEndReason(run);
  const idleAt = idleEndsAt(state, run);
  return idleAt !== null && state.now >= idleAt ? 'idle' : null;
}

/** Why the clock or the plan ends an open run now, or null. */
export function whyDue(
  env: Pick<Env, 'BOOT_TIMEOUT_SECONDS' | 'LEASE_GUARD_SECONDS'>,
  state: AccountState,
  run: OpenRun,
): EndReason | null {
  if (run.status === 'stopping') return null;
  if (run.status === 'starting' && state.now >= bootEndsAt(env, run.admittedAt)) return 'boot_timeout';
  if (isExcess(state, run)) return 'plan';
  if (run.status !== 'running') return null;
  if (state.now >= stopDueAt(env, run.leaseUntil)) return leaseEndReason(run);
  const idleAt = idleStopDueAt(state, run);
  return idleAt !== null && state.now >= idleAt ? 'idle' : null;
}

/** Why an agent ends that says so: at the end of its lease it obeys the quota; earlier it was ended from inside. */
export function whyAgentEnds(env: Pick<Env, 'LEASE_GUARD_SECONDS'>, run: OpenRun, now: Instant): EndReason {
  const nearEnd = now >= stopDueAt(env, run.leaseUntil) - EARLY_WORD_MS;
  return run.startedAt !== null && nearEnd ? leaseEndReason(run) : 'machine_exit';
}

/** What is concluded from clock and plan alone, and never asked for by a person. */
const CONCLUDED: readonly EndReason[] = ['boot_timeout', 'plan', 'quota', 'limit', 'idle'];

/**
 * Why a run ended whose machine is proven dead since `endAt` (null: nobody knows since when). What was concluded counts
 * only if the machine was alive when it was asked to stop: one that had died before ended by itself.
 */
export function whyEnded(
  env: Pick<Env, 'LEASE_GUARD_SECONDS'>,
  run: OpenRun,
  endAt: Instant | null,
): EndReason {
  if (run.endReason && !isDisproven(run, endAt)) return run.endReason;
  if (run.startedAt === null) return 'provider';
  const ownEndFrom = stopDueAt(env, run.leaseUntil) - POLITE_END_MS;
  return endAt === null || endAt < ownEndFrom ? 'machine_exit' : leaseEndReason(run);
}

const isDisproven = (run: OpenRun, endAt: Instant | null): boolean =>
  run.startedAt !== null &&
  endAt !== null &&
  run.stopRequestedAt !== null &&
  endAt < run.stopRequestedAt - CLOCKS_APART_MS &&
  run.endReason !== null &&
  CONCLUDED.includes(run.endReason);
