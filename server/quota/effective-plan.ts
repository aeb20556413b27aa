import type { Instant } from '../clock';
import type { Plan } from '../shapes';

/**
 * Time on a plan that a paid invoice bought. `share` is the part of it that was charged: 1 for all, 0 for what was put on
 * the balance instead; negative for time that was given back. `planId` is null for a price nobody knows.
 */
export type BoughtTime = {
  planId: string | null;
  from: Instant;
  to: Instant;
  share: number;
  /** Only on a month kept whole from before quotas were prorated: invoices made until then are in it. */
  keptSince?: Instant;
};

/** What is stored of an account's subscription. `planId` is null while its price is one we do not know. */
export type Subscription = {
  planId: string | null;
  status: string;
  periodEnd: Instant;
  paidUntil: Instant | null;
  cancelAt: Instant | null;
  pendingPlanId: string | null;
  pendingAt: Instant | null;
  /** Null on a row from before quotas were prorated: its months are whole. */
  bought: BoughtTime[] | null;
};

/** How long a payment that is due keeps the plan, and how much of a month it is worth until it is made. */
export const UNPAID_KEEPS_MS = 72 * 3600 * 1000;
/** How long a subscription in good standing counts past its period while it cannot be read. */
const UNREAD_KEEPS_MS = 7 * 24 * 3600 * 1000;

/** Until when a failed payment keeps the plan: 72 h after the end of the last period that was paid; null without one. */
export const keepsUntil = ({ paidUntil }: Pick<Subscription, 'paidUntil'>): Instant | null =>
  paidUntil === null ? null : paidUntil + UNPAID_KEEPS_MS;

type Standing = Pick<Subscription, 'planId' | 'status' | 'periodEnd' | 'paidUntil'>;

/** True while a subscription gives its plan. An unknown status gives nothing. Pure. */
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
 * The plan in force: the higher (by `sort`) of the account's own plan and that of its live subscription, so that an
 * operator's gift and a payment never cancel each other out. Throws when the own plan does not exist. Pure.
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
