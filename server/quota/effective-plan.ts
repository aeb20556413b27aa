import type { Instant } from '../clock';
import type { Plan } from '../shapes';

/**
 * Time on a plan that a paid invoice covers. `share` is the charged part: 1 for all, 0 for an amount put on the
 * balance, negative for time that was refunded. `planId` is null for an unknown price.
 */
export type BoughtTime = {
  planId: string | null;
  from: Instant;
  to: Instant;
  share: number;
  /**
   * Only for a month kept whole from before quotas were prorated: the invoices before this instant are contained in it.
   */
  keptSince?: Instant;
};

/** The stored subscription of an account. `planId` is null while its price is unknown. */
export type Subscription = {
  planId: string | null;
  status: string;
  periodEnd: Instant;
  paidUntil: Instant | null;
  cancelAt: Instant | null;
  pendingPlanId: string | null;
  pendingAt: Instant | null;
  /** Null on a row from before quotas were prorated: its months count whole. */
  bought: BoughtTime[] | null;
};

/** How long a due payment keeps the plan, and the time it is worth until it is made, in ms. */
export const UNPAID_KEEPS_MS = 72 * 3600 * 1000;
/** How long a subscription in good standing counts past its period while the payment provider cannot be read, in ms. */
const UNREAD_KEEPS_MS = 7 * 24 * 3600 * 1000;

/** Returns until when a failed payment keeps the plan: 72 h after the end of the last paid period; null without one. */
export const keepsUntil = ({ paidUntil }: Pick<Subscription, 'paidUntil'>): Instant | null =>
  paidUntil === null ? null : paidUntil + UNPAID_KEEPS_MS;

type Standing = Pick<Subscription, 'planId' | 'status' | 'periodEnd' | 'paidUntil'>;

/** Returns whether a subscription gives its plan. An unknown status does not. Pure. */
export function isLive(subscription: Standing, now: Instant): boolean {
  switch (subscription.status) {
    case 'active':
    case 'trialing':
      return now < subscription.periodEnd + UNREAD_KEEPS_MS;
    case 'past_due':
      return now < (keepsUntil(subscription) ?? 0);
    default:
      return false;
  }
}

/**
 * Returns the plan in force: the higher (by `sort`) of the account's own plan and that of its live subscription, so
 * that an operator's plan and a paid one never cancel each other. Throws when the own plan does not exist. Pure.
 */
export function effectivePlan(
  plans: Plan[],
  ownPlanId: string,
  subscription: Standing | null,
  now: Instant,
): Plan {
  const own = plans.find((plan) => plan.id === ownPlanId);
  if (!own) throw new Error(`The plan ${ownPlanId} does not exist.`);
  if (!subscription || !isLive(subscription, now)) return own;
  const paid = plans.find((plan) => plan.id === subscription.planId);
  return paid && paid.sort > own.sort ? paid : own;
}
