import Stripe from 'stripe';
import type { Ctx } from '../context';
import { metrics } from '../metrics';
import { isRefused, type Payments } from './payments';

/**
 * Refunds everything paid on an invoice, at most once. Returns false, with an alarm for an operator, while the provider
 * refuses the refund. Throws BILLING_UNAVAILABLE.
 */
export async function refundInvoice(
  ctx: Ctx,
  payments: Payments,
  invoiceId: string,
  reason?: Stripe.RefundCreateParams.Reason,
): Promise<boolean> {
  const invoice = await payments.ask((stripe) =>
    stripe.invoices.retrieve(invoiceId, { expand: ['payments'] }),
  );
  let isWhole = true;
  for (const paid of invoice.payments?.data ?? []) {
    const intent = paid.payment.payment_intent;
    if (paid.status !== 'paid' || !intent) continue;
    const payment_intent = typeof intent === 'string' ? intent : intent.id;
    await payments
      .make(`refund:${payment_intent}`, (stripe, once) =>
        stripe.refunds.create({ payment_intent, ...(reason ? { reason } : {}) }, once),
      )
      .catch((error) => {
        if (!isRefused(error)) throw error;
        if (error instanceof Stripe.errors.StripeError && error.code === 'charge_already_refunded') return;
        isWhole = false;
        metrics.billingAlarms.inc({ kind: 'refund_refused' });
        ctx.log.error({ err: error, payment: payment_intent }, 'a payment has to be refunded by a person');
      });
  }
  return isWhole;
}
