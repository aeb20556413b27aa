import type { Ctx } from '../../context';
import { metrics } from '../../metrics';
import { isGone, type Payments } from '../payments';
import { refundInvoice } from '../refund-invoice';
import { surplusOf } from './choose-subscription';
import type { SubscriptionFacts } from './read-stripe';

/**
 * Cancels and refunds what a second completed checkout sold. Returns true when there was one. Refunds nothing twice. A
 * refund that the provider refuses is left to an operator, and the second subscription ends nevertheless.
 */
export async function endSurplus(
  ctx: Ctx,
  payments: Payments,
  living: SubscriptionFacts[],
): Promise<boolean> {
  const surplus = surplusOf(living);
  for (const { id, latestInvoiceId } of surplus) {
    metrics.billingAlarms.inc({ kind: 'second_subscription_refunded' });
    ctx.log.error({ subscription: id }, 'a second subscription was paid for; it is cancelled and refunded');
    if (latestInvoiceId) await refundInvoice(ctx, payments, latestInvoiceId, 'duplicate');
    await payments
      .make(`surplus:${id}`, (stripe, once) =>
        stripe.subscriptions.cancel(id, { invoice_now: false, prorate: false }, once),
      )
      .catch((error) => {
        if (!isGone(error)) throw error;
      });
  }
  return surplus.length > 0;
}
