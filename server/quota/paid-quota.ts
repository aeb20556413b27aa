import type { Instant } from '../clock';
import type { Plan } from '../shapes';
import { type BoughtTime, effectivePlan, isLive, type Subscription, UNPAID_KEEPS_MS } from './effective-plan';
import { type Month, monthAround } from './period';
import { isOnce } from './plans';

/** Who has a quota: their own plan, what they pay for and what of it was paid when. */
export type Payer = {
  now: Instant;
  plans: Plan[];
  ownPlanId: string;
  subscription: Subscription | null;
};

type Bounds = { startAt: Instant; endAt: Instant };

/**
 * The quota of a month, in seconds; null is no limit. It is the own plan's, whole whenever an operator set it, and what
 * payment added: the difference to each plan for the time of the month that was charged, floored to a second. A period
 * that has begun and is not paid adds 72 h of the difference until it is. What a subscription added counts while it is
 * live. A month to come is judged as of its first instant. Pure.
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

/** The time that was charged, as its part of the month of what each plan gives more, floored to a second. */
function paidSeconds(bought: BoughtTime[], moreOf: (planId: string | null) => number, month: Bounds): number {
  const parts = bought.map(({ planId, from, to, share }) => {
    const overlapMs = Math.max(0, Math.min(to, month.endAt) - Math.max(from, month.startAt));
    return moreOf(planId) * share * (overlapMs / 1000);
  });
  const sum = parts.reduce((total, part) => total + part, 0);
  return Math.floor(sum / lengthOf(month));
}

/** In seconds: their products with a plan's seconds are whole numbers that nothing rounds. */
const lengthOf = ({ startAt, endAt }: Bounds): number => (endAt - startAt) / 1000;

/** What a period that has begun and whose invoice is not paid adds until it is. */
function unpaidSeconds(
  { bought, planId, cancelAt, pendingAt, pendingPlanId }: Subscription,
  moreOf: (planId: string | null) => number,
  month: Bounds,
  at: Instant,
): number {
  const ends = (bought ?? []).flatMap(({ to, share }) => (share < 0 ? [] : [to]));
  // A first invoice that is not paid adds nothing.
  if (ends.length === 0) return 0;
  const paidTo = Math.max(...ends);
  const from = Math.max(paidTo, month.startAt);
  if (at < paidTo || (cancelAt !== null && cancelAt <= from)) return 0;
  const next = pendingAt !== null && pendingAt <= from ? pendingPlanId : planId;
  const keptMs = Math.max(0, Math.min(UNPAID_KEEPS_MS, month.endAt - from));
  return Math.floor((moreOf(next) * (keptMs / 1000)) / lengthOf(month));
}
