import type { Ctx } from '../context';
import { newId } from '../ids';
import type { BillingSummary } from '../shapes';
import { auditChange } from './audit-change';
import { describeBilling, type Whose } from './describe-billing';
import { type Living, needLiving } from './need-living';
import { isGone } from './payments';
import { dropPendingUpdate } from './pending-update';
import { releaseSchedule } from './resume';
import { settleInvoice } from './settle-ended';
import { isFailing } from './sync/choose-subscription';
import { followChange } from './sync/sync-account';
import { withFreshState } from './with-fresh-state';

/**
 * Ends the subscription at the end of the paid period. One that is not paid (past_due, unpaid, paused, processing,
 * incomplete) ends at once, and its open invoice is voided. Returns the billing afterwards. Throws INVALID_INPUT,
 * BILLING_UNAVAILABLE.
 */
export function cancelSubscription(ctx: Ctx, whose: Whose): Promise<BillingSummary> {
  return withFreshState(ctx, whose.accountId, () => cancelLiving(ctx, whose));
}

async function cancelLiving(ctx: Ctx, whose: Whose): Promise<BillingSummary> {
  const living = await needLiving(ctx, whose.accountId);
  const { payments, stored } = living;
  const id = stored.stripeSubscriptionId;
  if (isFailing(stored.status)) await endNow(ctx, whose.accountId, living);
  else {
    if (stored.cancelAt !== null && stored.cancelAt <= stored.periodEnd) return describeBilling(ctx, whose);
    await dropPendingUpdate(ctx, payments, stored);
    if (stored.scheduleId) await releaseSchedule(payments, stored.scheduleId);
    await payments.make(`cancel:${id}:${newId()}`, (stripe, once) =>
      stripe.subscriptions.update(id, { cancel_at_period_end: true }, once),
    );
  }
  const before = { planId: stored.planId, status: stored.status };
  await auditChange(ctx, whose, 'billing.cancel', before, { planId: null });
  await followChange(ctx, whose.accountId);
  return describeBilling(ctx, whose);
}

/**
 * The subscription first, so that no further payment is tried; then its invoice, which is refunded if it was just paid.
 */
async function endNow(ctx: Ctx, accountId: string, { payments, stored }: Living): Promise<void> {
  const id = stored.stripeSubscriptionId;
  await payments
    .make(`end:${id}`, (stripe, once) =>
      stripe.subscriptions.cancel(id, { invoice_now: false, prorate: false }, once),
    )
    .catch((error) => {
      if (!isGone(error)) throw error;
    });
  if (stored.latestInvoiceId && stored.amountOpen > 0) {
    await settleInvoice(ctx, payments, accountId, stored.latestInvoiceId);
  }
}
