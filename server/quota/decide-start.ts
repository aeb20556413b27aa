import type { Limits, Plan, Start, StartReason } from '../shapes';
import {
  type AccountState,
  isClockBehind,
  isHeldBack,
  liveSums,
  periodAt,
  type QuotaRules,
  quotaMsIn,
} from './account-state';
import { directionOf } from './direction';
import { ifBought } from './if-bought';
import { PACKS, type PackOffer, withPack } from './packs';
import { DEFAULT_CURRENCY, isOnce } from './plans';
import { availableAt, extraMs } from './pockets';

/** Returns the session limit and how many sessions count towards it: starting, running and stopping ones. */
export const limitsOf = (state: AccountState): Limits => ({
  maxSessions: state.plan.maxSessions,
  activeSessions: state.openRuns.length,
});

/**
 * Decides whether this account may start a session now, for the button, `quota.get` and `session.start` alike. Pure.
 * Order of the checks: the account, whether anything may be granted, the remaining quota, the session limit, time held
 * by other sessions.
 */
export function decideStart(state: AccountState, rules: QuotaRules): Start {
  const reason = refusalOf(state, rules);
  return { allowed: reason === null, reason };
}

function refusalOf(state: AccountState, rules: QuotaRules): StartReason | null {
  if (state.status === 'blocked') return 'ACCOUNT_BLOCKED';
  if (state.status === 'pending') return 'ACCOUNT_PENDING';
  if (rules.needsConfirmed && !state.isConfirmed) return 'EMAIL_UNCONFIRMED';
  if (isHeldBack(state) || isClockBehind(state)) return 'QUOTA_UNAVAILABLE';
  const outOfTime: StartReason = isOnce(state.plan) ? 'TRIAL_EXHAUSTED' : 'QUOTA_EXCEEDED';
  if (remainingMs(state) < rules.minStartMs) return outOfTime;
  if (state.openRuns.length >= state.plan.maxSessions) return 'SESSION_LIMIT_REACHED';
  if (availableAt(state, state.now) < rules.minStartMs) return outOfTime;
  return null;
}

/**
 * Returns the remaining quota and packs as of now, in ms, Infinity without a limit. Without packs it may be negative
 * after a cut.
 */
export function remainingMs(state: AccountState): number {
  const period = periodAt(state.plan, state.now);
  const quotaMs = quotaMsIn(state, period);
  if (quotaMs === null) return Number.POSITIVE_INFINITY;
  const leftMs = quotaMs - liveSums(state, period).usedMs;
  const extra = extraMs(state);
  return extra > 0 ? Math.max(0, leftMs) + extra : leftMs;
}

/** Refusals that no plan lifts. */
const NO_PLAN_LIFTS = new Set<StartReason>(['ACCOUNT_BLOCKED', 'ACCOUNT_PENDING', 'EMAIL_UNCONFIRMED']);

/**
 * Returns the visible plans of higher rank that would lift the refusal if bought now; empty when a start is allowed.
 * `currency` is the visitor's, for accounts without one. Pure.
 */
export function plansThatHelp(
  state: AccountState,
  rules: QuotaRules,
  currency: string = DEFAULT_CURRENCY,
): Plan[] {
  const { reason } = decideStart(state, rules);
  if (reason === null || NO_PLAN_LIFTS.has(reason)) return [];
  return state.plans.filter((plan) => {
    if (!plan.visible || directionOf(state.plan, plan) !== 'up' || isOnce(plan)) return false;
    return decideStart(ifBought(state, plan, currency), rules).reason !== reason;
  });
}

/**
 * Returns the packs that would lift the refusal; empty when a start is allowed, or when time is not the reason. Pure.
 */
export function packsThatHelp(state: AccountState, rules: QuotaRules): PackOffer[] {
  const { reason } = decideStart(state, rules);
  if (reason !== 'QUOTA_EXCEEDED' && reason !== 'TRIAL_EXHAUSTED') return [];
  return PACKS.filter((pack) => decideStart(withPack(state, pack), rules).reason !== reason);
}
