import type { InvoiceRecord, PaymentFailureRecord } from '../store/billing-records';
import { refuse } from '../store/failure';
import type { World } from '../store/world';
import { change, emitFor } from '../webhooks/events';
import { settle } from './payments';
import { invoiceFailed } from './subscription-payment';

const bounced: PaymentFailureRecord = {
  code: 'insufficient_funds',
  decline_code: 'insufficient_funds',
  message: "The customer's account has insufficient funds to cover this payment.",
};

/** Returns whether a bank debit for the invoice is under way. */
export function isProcessing(world: World, { payment }: Readonly<InvoiceRecord>): boolean {
  return (
    payment !== null && world.store.read('paymentIntents', payment.payment_intent)?.status === 'processing'
  );
}

/** Completes or returns an invoice's bank debit. Throws a refusal when no debit is under way. */
export function settleProcessing(world: World, id: string, succeeds: boolean): void {
  const invoice = world.store.edit('invoices', id);
  if (!invoice.payment || !isProcessing(world, invoice))
    throw refuse('No payment of this invoice is processing.');
  const intent = world.need('paymentIntents', invoice.payment.payment_intent, 'payment_intent');
  if (intent.charge) {
    change(world, 'charges', intent.charge, succeeds ? 'charge.succeeded' : 'charge.failed', (charge) => {
      charge.status = succeeds ? 'succeeded' : 'failed';
      charge.error = succeeds ? null : bounced;
    });
  }
  change(
    world,
    'paymentIntents',
    intent.id,
    `payment_intent.${succeeds ? 'succeeded' : 'payment_failed'}`,
    (record) => {
      record.status = succeeds ? 'succeeded' : 'requires_payment_method';
      record.error = succeeds ? null : bounced;
    },
  );
  if (succeeds) settle(world, invoice);
  else {
    invoiceFailed(world, id, {});
    emitFor(world, 'invoice.payment_failed', 'invoices', id);
  }
  const session = world.store.all('checkoutSessions').find((one) => one.invoice === id);
  if (!session) return;
  if (succeeds) world.store.edit('checkoutSessions', session.id).payment_status = 'paid';
  emitFor(
    world,
    `checkout.session.async_payment_${succeeds ? 'succeeded' : 'failed'}`,
    'checkoutSessions',
    session.id,
  );
}
