import type { Limits, Plan, Start, StartReason } from '../shapes';
import {
  type AccountState,
  availableMs,
  isClockBehind,
  isHeldBack,
  liveSums,
  periodAt,
  type QuotaRules,
} from './account-state';
import { isOnce, quotaMsOf } from './plans';

/** How many sessions count towards the limit: starting, running and stopping ones. */
export const limitsOf = (state: AccountState): Limits => ({
  maxSessions: state.plan.maxSessions,
  activeSessions: state.openRuns.length,
});

/**
 * May this account start a session now? The one decision behind the button, `quota.get` and `session.start`. Pure.
 * Asked in this order: the account itself, whether anything may be granted, what is left of the quota, the session limit, what others hold.
 */
export function decideStart(state: AccountState, rules: QuotaRules): Start {
  const reason = refusalOf(state, rules);
  return { allowed: reason === null, reason };
}

function refusalOf(state: AccountState, rules: QuotaRules): StartReason | null {
  if (state.status === 'blocked') return 'ACCOUNT_BLOCKED';
  if (state.status === 'pending') return 'ACCOUNT_PENDING';
  if (isHeldBack(state) || isClockBehind(state)) return 'QUOTA_UNAVAILABLE';
  const outOfTime: StartReason = isOnce(state.plan) ? 'TRIAL_EXHAUSTED' : 'QUOTA_EXCEEDED';
  if (remainingMs(state) < rules.minStartMs) return outOfTime;
  if (state.openRuns.length >= state.plan.maxSessions) return 'SESSION_LIMIT_REACHED';
  if (availableMs(state, periodAt(state.plan, state.now)) < rules.minStartMs) return outOfTime;
  return null;
}

/** Quota − used as of now, may be negative after a cut; Infinity without a limit. */
export function remainingMs(state: AccountState): number {
  const quotaMs = quotaMsOf(state.plan);
  if (quotaMs === null) return Number.POSITIVE_INFINITY;
  return quotaMs - liveSums(state, periodAt(state.plan, state.now)).usedMs;
}

/** The visible plans of higher rank under which today's refusal would not arise; empty when a start is allowed. */
export function plansThatHelp(state: AccountState, rules: QuotaRules): Plan[] {
  const { reason } = decideStart(state, rules);
  if (reason === null || reason === 'ACCOUNT_BLOCKED' || reason === 'ACCOUNT_PENDING') return [];
  return state.plans.filter((plan) => {
    if (!plan.visible || plan.sort <= state.plan.sort || isOnce(plan)) return false;
    return decideStart({ ...state, plan }, rules).reason !== reason;
  });
}
