import type { Instant } from '../clock';
import type { Plan } from '../shapes';
import { type BoughtTime, effectivePlan, isLive, type Subscription, UNPAID_KEEPS_MS } from './effective-plan';
import { type Month, monthAround } from './period';
import { isOnce } from './plans';

/** The inputs of a quota: the own plan, the paid plan, and what was paid when. */
export type Payer = {
  now: Instant;
  plans: Plan[];
  ownPlanId: string;
  subscription: Subscription | null;
};

type Bounds = { startAt: Instant; endAt: Instant };

/**
 * Returns the quota of a month in seconds; null without a limit. It is the own plan's quota, always whole, plus what
 * payments add: the difference to each paid plan for the charged time of the month, floored to a second. A begun,
 * unpaid period adds 72 h of the difference. Subscriptions count while live. A future month is judged as of its first
 * instant. Pure.
 */
export function monthSeconds(payer: Payer, month: Month): number | null {
  const { plans, ownPlanId, subscription } = payer;
  const bounds = monthAround(Date.parse(`${month}-01T00:00:00Z`));
  const at = Math.max(payer.now, bounds.startAt);
  const own = plans.find((plan) => plan.id === ownPlanId);
  if (!own) throw new Error(`The plan ${ownPlanId} does not exist.`);
  const ownSeconds = isOnce(own) ? 0 : own.monthlySeconds;
  if (ownSeconds === null || !subscription || !isLive(subscription, at)) return ownSeconds;
  const plan = effectivePlan(plans, ownPlanId, subscription, at);
  if (!isOnce(plan) && plan.monthlySeconds === null) return null;
  const moreOf = (planId: string | null) => {
    const paid = plans.find((one) => one.id === planId);
    return Math.max(0, (paid?.monthlySeconds ?? 0) - ownSeconds);
  };
  const { bought } = subscription;
  if (bought === null) return ownSeconds + moreOf(subscription.planId);
  return (
    ownSeconds +
    Math.max(0, paidSeconds(bought, moreOf, bounds) + unpaidSeconds(subscription, moreOf, bounds, at))
  );
}

/** Returns the seconds that charged time adds: its part of the month times what each plan gives more, floored. */
function paidSeconds(bought: BoughtTime[], moreOf: (planId: string | null) => number, month: Bounds): number {
  const parts = bought.map(({ planId, from, to, share }) => {
    const overlapMs = Math.max(0, Math.min(to, month.endAt) - Math.max(from, month.startAt));
    return moreOf(planId) * share * (overlapMs / 1000);
  });
  const sum = parts.reduce((total, part) => total + part, 0);
  return Math.floor(sum / lengthOf(month));
}

/** In seconds: the products with a plan's seconds are integers, so nothing rounds. */
const lengthOf = ({ startAt, endAt }: Bounds): number => (endAt - startAt) / 1000;

/** Returns the seconds that a begun period adds until its invoice is paid. */
function unpaidSeconds(
  { bought, planId, cancelAt, pendingAt, pendingPlanId }: Subscription,
  moreOf: (planId: string | null) => number,
  month: Bounds,
  at: Instant,
): number {
  const ends = (bought ?? []).flatMap(({ to, share }) => (share < 0 ? [] : [to]));
  // An unpaid first invoice adds nothing.
  if (ends.length === 0) return 0;
  const paidTo = Math.max(...ends);
  const from = Math.max(paidTo, month.startAt);
  if (at < paidTo || (cancelAt !== null && cancelAt <= from)) return 0;
  const next = pendingAt !== null && pendingAt <= from ? pendingPlanId : planId;
  const keptMs = Math.max(0, Math.min(UNPAID_KEEPS_MS, month.endAt - from));
  return Math.floor((moreOf(next) * (keptMs / 1000)) / lengthOf(month));
}
