import Stripe from 'stripe';
import type { Ctx } from '../context';
import { metrics } from '../metrics';
import { surplusOf } from './choose-subscription';
import { isGone, type Payments } from './payments';
import type { SubscriptionFacts } from './read-stripe';

/**
 * Cancels and refunds what a second completed checkout sold. Answers true when there was such a thing. Repeating it
 * refunds nothing twice. A refund that the provider refuses is left to a person: the second subscription ends all the
 * same.
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
    if (latestInvoiceId) await refund(ctx, payments, latestInvoiceId);
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

async function refund(ctx: Ctx, payments: Payments, invoiceId: string): Promise<void> {
  const invoice = await payments.ask((stripe) =>
    stripe.invoices.retrieve(invoiceId, { expand: ['payments'] }),
  );
  for (const paid of invoice.payments?.data ?? []) {
    const intent = paid.payment.payment_intent;
    if (paid.status !== 'paid' || !intent) continue;
    const payment_intent = typeof intent === 'string' ? intent : intent.id;
    await payments
      .make(`refund:${payment_intent}`, (stripe, once) =>
        stripe.refunds.create({ payment_intent, reason: 'duplicate' }, once),
      )
      .catch((error) => {
        if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error;
        if (error.code === 'charge_already_refunded') return;
        metrics.billingAlarms.inc({ kind: 'refund_refused' });
        ctx.log.error({ err: error, payment: payment_intent }, 'a payment has to be refunded by a person');
      });
  }
}
