import { type Instant, toIso, toIsoOrNull } from '../clock';
import type { Money, Price, Quota, QuotaLevel, Upgrade } from '../shapes';
import { type AccountState, liveSums, periodAt, type QuotaRules, quotaMsIn } from './account-state';
import { decideStart, packsThatHelp, plansThatHelp, remainingMs } from './decide-start';
import { thisMonthSeconds } from './if-bought';
import { monthAround } from './period';
import { DEFAULT_CURRENCY, isOnce } from './plans';
import { extraMs, pocketsAt, usedMs } from './pockets';

/** Returns the quota of the current period as shown by pages and the API. Pure. */
export function describeQuota(state: AccountState, rules: QuotaRules): Quota {
  const { startAt, endAt } = monthAround(state.now);
  const period = periodAt(state.plan, state.now);
  const quotaMs = quotaMsIn(state, period);
  const used = usedMs(state);
  const leftMs = Math.max(0, remainingMs(state));
  return {
    plan: { id: state.plan.id, name: state.plan.name },
    periodStart: toIso(startAt),
    periodEnd: toIso(endAt),
    quotaSeconds: quotaMs === null ? null : quotaMs / 1000,
    usedSeconds: used / 1000,
    heldSeconds: heldMs(state) / 1000,
    extraSeconds: extraMs(state) / 1000,
    remainingSeconds: quotaMs === null ? null : leftMs / 1000,
    percent: quotaMs === null ? null : percentOf(used, used + leftMs),
    level: levelOf(state, rules, used, quotaMs),
    exhaustsAt: toIsoOrNull(exhaustsAt(state, endAt)),
  };
}

/** Returns the percentage floored to one decimal, so that 99.96 is not shown as 100. */
export function percentOf(used: number, whole: number): number {
  if (whole <= 0) return 100;
  return Math.min(100, Math.max(0, Math.floor((used * 1000) / whole) / 10));
}

function levelOf(state: AccountState, rules: QuotaRules, used: number, quotaMs: number | null): QuotaLevel {
  if (quotaMs === null) return 'unlimited';
  const leftMs = remainingMs(state);
  const { reason } = decideStart(state, rules);
  const outOfTime = reason === 'QUOTA_EXCEEDED' || reason === 'TRIAL_EXHAUSTED';
  // A remainder that is too short for a start and that no running session uses counts as used up.
  const restIsUseless = leftMs < rules.minStartMs && state.openRuns.length === 0;
  if (leftMs <= 0 || restIsUseless || (outOfTime && state.openRuns.length === 0)) return 'exhausted';
  const whole = used + leftMs;
  if (used >= whole * 0.95) return 'warn95';
  return used >= whole * 0.8 ? 'warn80' : 'ok';
}

/**
 * Returns when the quota ends if exactly today's running sessions continue; null when none run or the month ends first.
 */
function exhaustsAt(state: AccountState, periodEndAt: Instant): Instant | null {
  const running = state.openRuns.filter((run) => run.status === 'running').length;
  const rest = remainingMs(state);
  if (running === 0 || rest === Number.POSITIVE_INFINITY) return null;
  const at = state.now + Math.floor(Math.max(0, rest) / running);
  return at <= periodEndAt || isOnce(state.plan) ? at : null;
}

/** Returns the time held by leases and not yet used, in ms, in all pockets of this period. */
function heldMs(state: AccountState): number {
  const pockets = pocketsAt(state, state.now).map(({ period }) => period);
  return pockets.reduce((sum, period) => sum + liveSums(state, period).heldMs, 0);
}

/** Returns the price of a plan or pack; null for one that is not sold. */
export type PricesOf = { plan: (id: string) => Price | null; pack: (id: string) => Money | null };

/** Returns the plans and packs that lift a refusal, with links to their payment; null when none would. Pure. */
export function describeUpgrade(
  state: AccountState,
  rules: QuotaRules,
  appUrl: string,
  priceOf: PricesOf,
  currency: string = DEFAULT_CURRENCY,
): Upgrade | null {
  const urlOf = (what: 'plan' | 'pack', id: string) =>
    `${appUrl}/billing/upgrade?${what}=${encodeURIComponent(id)}`;
  const plans = plansThatHelp(state, rules, currency).map((plan) => ({
    id: plan.id,
    name: plan.name,
    monthlySeconds: plan.monthlySeconds,
    thisMonthSeconds: thisMonthSeconds(state, plan, currency),
    maxSessions: plan.maxSessions,
    price: priceOf.plan(plan.id),
    url: urlOf('plan', plan.id),
  }));
  const packs = packsThatHelp(state, rules).map((pack) => ({
    ...pack,
    price: priceOf.pack(pack.id),
    url: urlOf('pack', pack.id),
  }));
  // The first one that is for sale.
  const all = [...plans, ...packs];
  const first = all.find(({ price }) => price !== null) ?? all[0];
  return first ? { url: first.url, plans, packs } : null;
}
