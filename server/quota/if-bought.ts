import type { Plan } from '../shapes';
import type { AccountState } from './account-state';
import { directionOf } from './direction';
import { type BoughtTime, isLive, type Subscription } from './effective-plan';
import { chargeNow, restAmount, restOfMonth } from './first-charge';
import { monthSeconds, type Payer } from './paid-quota';
import { monthAround, monthOf } from './period';
import { DEFAULT_CURRENCY, isOnce, priceIn } from './plans';

/** The viewer of plans: an account, or a visitor as a new free account. */
export type Buyer = Payer & Pick<AccountState, 'plan' | 'prices' | 'currency'>;

/** Returns the subscription after a plan was bought, or changed to, with these invoice lines. Pure. */
export function withBought({ now, subscription }: Payer, plan: Plan, lines: BoughtTime[]): Subscription {
  const { startAt, endAt } = monthAround(now);
  const live = subscription && isLive(subscription, now) ? subscription : null;
  const whole = live && { planId: live.planId, from: startAt, to: endAt, share: 1 };
  return {
    planId: plan.id,
    status: 'active',
    periodEnd: endAt,
    paidUntil: endAt,
    cancelAt: null,
    pendingPlanId: null,
    pendingAt: null,
    bought: [...(live?.bought ?? (whole ? [whole] : [])), ...lines],
  };
}

/** Returns the account as if a larger plan were bought now. An amount too small to be charged adds no time. Pure. */
export function ifBought<State extends Buyer>(state: State, plan: Plan, currency: string): State {
  const { now, subscription } = state;
  const { from, to } = restOfMonth(now);
  const replaced = subscription && isLive(subscription, now) ? subscription.planId : null;
  const share = isCharged(state, plan, replaced, currency) ? 1 : 0;
  const lines: BoughtTime[] = [{ planId: plan.id, from, to, share }];
  if (replaced !== null) lines.push({ planId: replaced, from, to, share: -share });
  return { ...state, plan, subscription: withBought(state, plan, lines) };
}

/** Returns whether the rest of the month costs enough to be charged. True when the price is unknown. */
function isCharged(state: Buyer, plan: Plan, replaced: string | null, currency: string): boolean {
  const priceOf = (planId: string) => priceIn(state.prices.get(planId), state.currency ?? currency);
  const price = priceOf(plan.id);
  if (!price) return true;
  const back = replaced === null ? 0 : (priceOf(replaced)?.amount ?? 0);
  const amount = restAmount(price.amount, state.now) - restAmount(back, state.now);
  return chargeNow(amount, price.currency).dueNow > 0;
}

/**
 * Returns this month's whole quota if a plan were chosen now, in seconds; null without a limit. A plan that is not
 * larger changes nothing this month, except after a trial. Pure.
 */
export function thisMonthSeconds(
  state: Buyer,
  plan: Plan,
  currency: string = DEFAULT_CURRENCY,
): number | null {
  if (isOnce(plan)) return plan.onceSeconds;
  if (directionOf(state.plan, plan) === 'up') {
    return monthSeconds(ifBought(state, plan, currency), monthOf(state.now));
  }
  return isOnce(state.plan) ? plan.monthlySeconds : monthSeconds(state, monthOf(state.now));
}
