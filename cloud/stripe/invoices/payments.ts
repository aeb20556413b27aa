import { renderInvoicePayment } from '../render/payment';
import type { ChargeRecord, InvoiceRecord, PaymentFailureRecord } from '../store/billing-records';
import { behaviourOf, isDebit, needsOwner } from '../store/cards';
import { newStripeId } from '../store/ids';
import { amountDue } from '../store/invoice-sums';
import type { World } from '../store/world';
import { change, emit, emitFor } from '../webhooks/events';
import { finalizeInvoice } from './invoice-make';
import { invoiceFailed, invoicePaid } from './subscription-payment';

export type Outcome = { paid: true } | { paid: false; failure: PaymentFailureRecord; needsOwner: boolean };

export interface Attempt {
  /** The payment method to charge instead of the subscription's or the customer's. */
  method?: string;
  /** The customer has just confirmed the payment with the bank. */
  confirmed?: boolean;
  /** The attempt comes from a person or the API, not from the retry schedule. */
  manual?: boolean;
  /** A failure leaves the subscription unchanged, because the change waits as a pending update. */
  waits?: boolean;
}

const noCard: PaymentFailureRecord = {
  code: 'resource_missing',
  decline_code: null,
  message: 'This customer has no attached payment source or default payment method.',
};

/** Finalizes a draft and charges it. In a rehearsal nothing is charged, the draft stays a draft, and the outcome is paid. */
export function collectInvoice(world: World, id: string, attempt: Attempt = {}): Outcome {
  if (world.rehearsing) return { paid: true };
  if (world.store.read('invoices', id)?.status === 'draft') finalizeInvoice(world, id);
  return payInvoice(world, id, attempt);
}

/** Charges an open invoice and updates its subscription accordingly. */
export function payInvoice(world: World, id: string, attempt: Attempt): Outcome {
  const invoice = world.store.edit('invoices', id);
  if (amountDue(invoice) === 0) return settle(world, invoice);
  const method = attempt.method ?? methodFor(world, invoice);
  if (method && isDebit(world.need('paymentMethods', method, 'PaymentMethod').number)) {
    return startProcessing(world, invoice, method);
  }
  const failure = method ? judge(world, method, attempt.confirmed === true) : noCard;
  if (!attempt.manual || invoice.attempt_count === 0) invoice.attempt_count += 1;
  invoice.attempted = true;
  if (method) recordCharge(world, invoice, method, failure);
  if (!failure) return settle(world, invoice);
  const owner = failure === needsOwner;
  invoiceFailed(world, id, attempt);
  if (owner) emitFor(world, 'invoice.payment_action_required', 'invoices', id);
  emitFor(world, 'invoice.payment_failed', 'invoices', id);
  return { paid: false, failure, needsOwner: owner };
}

/** Returns the payment method that a charge of the invoice uses, or null. The subscription's own comes before the customer's. */
export function methodFor(world: World, invoice: Readonly<InvoiceRecord>): string | null {
  const subscription = invoice.subscription && world.store.read('subscriptions', invoice.subscription);
  const own = subscription ? subscription.default_payment_method : null;
  return own ?? world.store.read('customers', invoice.customer)?.default_payment_method ?? null;
}

/** Returns why a charge would fail, or null. */
function judge(world: World, methodId: string, confirmed: boolean): PaymentFailureRecord | null {
  const method = world.need('paymentMethods', methodId, 'PaymentMethod');
  const behaviour = behaviourOf(method.number);
  if (!behaviour) return noCard;
  if (behaviour.challenge === 'always' && !confirmed) return needsOwner;
  return behaviour.failsLater;
}

/** Starts a bank debit: the subscription counts as paid, and the invoice stays open until the money arrives. */
function startProcessing(world: World, invoice: InvoiceRecord, method: string): Outcome {
  invoice.attempted = true;
  invoice.attempt_count += 1;
  invoice.next_payment_attempt = null;
  recordCharge(world, invoice, method, null, 'pending');
  const { subscription } = invoice;
  if (subscription && world.store.read('subscriptions', subscription)?.status === 'incomplete') {
    change(world, 'subscriptions', subscription, 'customer.subscription.updated', (record) => {
      record.status = 'active';
    });
  }
  return { paid: true };
}

function recordCharge(
  world: World,
  invoice: InvoiceRecord,
  method: string,
  failure: PaymentFailureRecord | null,
  status: ChargeRecord['status'] = failure ? 'failed' : 'succeeded',
): void {
  const payment = invoice.payment;
  if (!payment) throw new Error(`Invoice ${invoice.id} is due but has no payment.`);
  const charge = world.store.put('charges', {
    id: newStripeId('ch'),
    amount: payment.amount,
    amount_refunded: 0,
    currency: invoice.currency,
    customer: invoice.customer,
    payment_intent: payment.payment_intent,
    payment_method: method,
    status,
    error: failure,
    created: world.now(invoice.customer),
  });
  emitFor(world, `charge.${status}`, 'charges', charge.id);
  const owner = failure === needsOwner;
  const type = owner ? 'requires_action' : failure ? 'payment_failed' : PASSED[status];
  change(world, 'paymentIntents', payment.payment_intent, `payment_intent.${type}`, (intent) => {
    intent.charge = charge.id;
    intent.error = failure;
    intent.payment_method = owner || !failure ? method : null;
    intent.status = owner ? 'requires_action' : failure ? 'requires_payment_method' : PASSED[status];
  });
}

const PASSED = { pending: 'processing', succeeded: 'succeeded', failed: 'requires_payment_method' } as const;

export function settle(world: World, invoice: InvoiceRecord): Outcome {
  const now = world.now(invoice.customer);
  invoice.status = 'paid';
  invoice.attempted = true;
  invoice.amount_paid = amountDue(invoice);
  invoice.paid_at = now;
  invoice.next_payment_attempt = null;
  if (invoice.payment) {
    invoice.payment.status = 'paid';
    invoice.payment.paid_at = now;
    emit(world, 'invoice_payment.paid', renderInvoicePayment(invoice));
  }
  emitFor(world, 'invoice.paid', 'invoices', invoice.id);
  emitFor(world, 'invoice.payment_succeeded', 'invoices', invoice.id);
  invoicePaid(world, invoice.id);
  return { paid: true };
}
