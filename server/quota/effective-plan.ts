import type { Instant } from '../clock';
import type { Plan } from '../shapes';

/** What is stored of an account's subscription. `planId` is null while its price is one we do not know. */
export type Subscription = { planId: string | null; status: string; paidUntil: Instant | null };

/** How long a failed payment keeps the plan after the last period that was paid. */
const PAST_DUE_KEEPS_MS = 72 * 3600 * 1000;

/** Until when a failed payment keeps the plan: 72 h after the end of the last period that was paid; null without one. */
export const keepsUntil = ({ paidUntil }: Pick<Subscription, 'paidUntil'>): Instant | null =>
  paidUntil === null ? null : paidUntil + PAST_DUE_KEEPS_MS;

/** True while a subscription gives its plan. An unknown status gives nothing. Pure. */
export function isLive(subscription: Subscription, now: Instant): boolean {
  switch (subscription.status) {
    case 'active':
    case 'trialing':
      return true;
    case 'past_due':
      return now < (keepsUntil(subscription) ?? 0);
    default:
      return false;
  }
}

/**
 * The plan in force: the higher (by `sort`) of the account's own plan and that of its live subscription, so that an
 * operator's gift and a payment never cancel each other out. Throws when the own plan does not exist. Pure.
 */
export function effectivePlan(
  plans: Plan[],
  ownPlanId: string,
  subscription: Subscription | null,
  now: Instant,
): Plan {
  const own = plans.find((plan) => plan.id === ownPlanId);
  if (!own) throw new Error(`The plan ${ownPlanId} does not exist.`);
  if (!subscription || !isLive(subscription, now)) return own;
  const paid = plans.find((plan) => plan.id === subscription.planId);
  return paid && paid.sort > own.sort ? paid : own;
}
