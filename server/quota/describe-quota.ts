import { type Instant, toIso, toIsoOrNull } from '../clock';
import type { Price, Quota, QuotaLevel, Upgrade } from '../shapes';
import { type AccountState, liveSums, periodAt, type QuotaRules, quotaMsIn } from './account-state';
import { decideStart, plansThatHelp, remainingMs } from './decide-start';
import { thisMonthSeconds } from './if-bought';
import { monthAround } from './period';
import { DEFAULT_CURRENCY, isOnce } from './plans';

/** The quota of the current period as people and programs see it. Pure. */
export function describeQuota(state: AccountState, rules: QuotaRules): Quota {
  const { startAt, endAt } = monthAround(state.now);
  const period = periodAt(state.plan, state.now);
  const quotaMs = quotaMsIn(state, period);
  const { usedMs, heldMs } = liveSums(state, period);
  return {
    plan: { id: state.plan.id, name: state.plan.name },
    periodStart: toIso(startAt),
    periodEnd: toIso(endAt),
    quotaSeconds: quotaMs === null ? null : quotaMs / 1000,
    usedSeconds: usedMs / 1000,
    heldSeconds: heldMs / 1000,
    remainingSeconds: quotaMs === null ? null : Math.max(0, quotaMs - usedMs) / 1000,
    percent: quotaMs === null ? null : percentOf(usedMs, quotaMs),
    level: levelOf(state, rules, usedMs, quotaMs),
    exhaustsAt: toIsoOrNull(exhaustsAt(state, endAt)),
  };
}

/** Floored to one decimal, so that 99.96 never reads 100. */
export function percentOf(usedMs: number, quotaMs: number): number {
  if (quotaMs <= 0) return 100;
  return Math.min(100, Math.max(0, Math.floor((usedMs * 1000) / quotaMs) / 10));
}

function levelOf(state: AccountState, rules: QuotaRules, usedMs: number, quotaMs: number | null): QuotaLevel {
  if (quotaMs === null) return 'unlimited';
  const { reason } = decideStart(state, rules);
  const outOfTime = reason === 'QUOTA_EXCEEDED' || reason === 'TRIAL_EXHAUSTED';
  // A rest too short to start anything with, and nothing running on it, is as good as gone.
  const restIsUseless = quotaMs - usedMs < rules.minStartMs && state.openRuns.length === 0;
  if (usedMs >= quotaMs || restIsUseless || (outOfTime && state.openRuns.length === 0)) return 'exhausted';
  if (usedMs >= quotaMs * 0.95) return 'warn95';
  return usedMs >= quotaMs * 0.8 ? 'warn80' : 'ok';
}

/** When the quota runs out if exactly today's running sessions go on; null when none run or the month ends first. */
function exhaustsAt(state: AccountState, periodEndAt: Instant): Instant | null {
  const running = state.openRuns.filter((run) => run.status === 'running').length;
  const rest = remainingMs(state);
  if (running === 0 || rest === Number.POSITIVE_INFINITY) return null;
  const at = state.now + Math.floor(Math.max(0, rest) / running);
  return at <= periodEndAt || isOnce(state.plan) ? at : null;
}

export type PriceOf = (planId: string) => Price | null;

/** The way out of a refusal: plans that lift it, with links that lead to payment; null when no plan would help. Pure. */
export function describeUpgrade(
  state: AccountState,
  rules: QuotaRules,
  appUrl: string,
  priceOf: PriceOf,
  currency: string = DEFAULT_CURRENCY,
): Upgrade | null {
  const plans = plansThatHelp(state, rules, currency);
  const first = plans[0];
  if (!first) return null;
  const urlOf = (planId: string) => `${appUrl}/billing/upgrade?plan=${encodeURIComponent(planId)}`;
  return {
    url: urlOf(first.id),
    plans: plans.map((plan) => ({
      id: plan.id,
      name: plan.name,
      monthlySeconds: plan.monthlySeconds,
      thisMonthSeconds: thisMonthSeconds(state, plan, currency),
      maxSessions: plan.maxSessions,
      price: priceOf(plan.id),
      url: urlOf(plan.id),
    })),
  };
}
