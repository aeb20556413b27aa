import type { Ctx } from '../context';
import { newId } from '../ids';
import type { BillingSummary } from '../shapes';
import { auditChange } from './audit-change';
import { describeBilling, type Whose } from './describe-billing';
import { needLiving } from './need-living';
import { releaseSchedule } from './resume';
import { followChange } from './sync-account';

/**
 * Ends the subscription with the period that is paid for; until then everything stays. A subscription whose payment
 * fails ends in the same way. Answers the billing after it. Throws INVALID_INPUT, BILLING_UNAVAILABLE.
 */
export async function cancelSubscription(ctx: Ctx, whose: Whose): Promise<BillingSummary> {
  const { payments, stored } = await needLiving(ctx, whose.accountId);
  if (stored.cancelAt !== null) return describeBilling(ctx, whose);
  const id = stored.stripeSubscriptionId;
  if (stored.scheduleId) await releaseSchedule(payments, stored.scheduleId);
  await payments.make(`cancel:${id}:${newId()}`, (stripe, once) =>
    stripe.subscriptions.update(id, { cancel_at_period_end: true }, once),
  );
  await auditChange(ctx, whose, 'billing.cancel', { planId: stored.planId }, { planId: null });
  await followChange(ctx, whose.accountId);
  return describeBilling(ctx, whose);
}
