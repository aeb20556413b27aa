import { reduceLines } from '../catalogue/promotions';
import { renderPaymentIntent } from '../render/payment';
import type { InvoiceRecord, LineRecord, SubscriptionRecord } from '../store/billing-records';
import { newStripeId } from '../store/ids';
import { amountDue, balanceAfter } from '../store/invoice-sums';
import type { World } from '../store/world';
import { change, emit, emitFor } from '../webhooks/events';
import { taxFor } from './tax';

/** Seconds that a renewal's invoice stays a draft, so that lines can still be added. */
export const DRAFT_SECONDS = 3600;

interface Draft {
  subscription: Readonly<SubscriptionRecord>;
  lines: LineRecord[];
  billing_reason: string;
  proration_date?: number;
  period_start: number;
  period_end: number;
  /** Seconds until the clock finalizes the invoice; absent = the caller finalizes it. */
  finalizeAfterSeconds?: number;
  auto_advance?: boolean;
}

/** Creates a draft invoice for a subscription and stores it as the latest one. Returns the invoice's id. */
export function draftInvoice(world: World, draft: Draft): string {
  const { subscription } = draft;
  const now = world.now(subscription.customer);
  const { lines, discount } = reduced(world, subscription, draft.lines, now);
  const customer = world.need('customers', subscription.customer, 'customer');
  const invoice: InvoiceRecord = {
    id: newStripeId('in'),
    number: null,
    customer: subscription.customer,
    subscription: subscription.id,
    subscription_metadata: { ...subscription.metadata },
    proration_date: draft.proration_date ?? null,
    status: 'draft',
    billing_reason: draft.billing_reason,
    currency: subscription.currency,
    created: now,
    period_start: draft.period_start,
    period_end: draft.period_end,
    lines,
    discount,
    tax: subscription.automatic_tax ? taxFor(world, subscription.customer) : null,
    attempt_count: 0,
    attempted: false,
    auto_advance: draft.auto_advance ?? true,
    next_payment_attempt: null,
    automatically_finalizes_at:
      draft.finalizeAfterSeconds === undefined ? null : now + draft.finalizeAfterSeconds,
    starting_balance: customer.balance,
    ending_balance: null,
    amount_paid: 0,
    payment: null,
    finalized_at: null,
    paid_at: null,
    voided_at: null,
    marked_uncollectible_at: null,
    metadata: {},
  };
  world.store.put('invoices', invoice);
  world.store.edit('subscriptions', subscription.id).latest_invoice = invoice.id;
  world.store.edit('customers', customer.id).currency ??= subscription.currency;
  emitFor(world, 'invoice.created', 'invoices', invoice.id);
  return invoice.id;
}

/** Returns the lines reduced by the subscription's discount. A coupon with the duration `once` is removed after this use. */
function reduced(
  world: World,
  { id, discount: discountId }: Readonly<SubscriptionRecord>,
  lines: LineRecord[],
  now: number,
): { lines: LineRecord[]; discount: string | null } {
  const discount = discountId ? world.store.read('discounts', discountId) : undefined;
  if (!discount || (discount.end !== null && discount.end <= now)) return { lines, discount: null };
  const coupon = world.need('coupons', discount.coupon, 'coupon');
  if (coupon.duration === 'once') world.store.edit('subscriptions', id).discount = null;
  return { lines: reduceLines(lines, coupon), discount: discount.id };
}

/** Gives a draft its number and, if an amount is due, a payment intent that waits for a payment method. */
export function finalizeInvoice(world: World, id: string): void {
  const invoice = world.store.edit('invoices', id);
  const customer = world.store.edit('customers', invoice.customer);
  const now = world.now(invoice.customer);
  invoice.number = `${customer.invoice_prefix}-${String(customer.next_invoice_sequence++).padStart(4, '0')}`;
  invoice.status = 'open';
  invoice.finalized_at = now;
  invoice.automatically_finalizes_at = null;
  invoice.starting_balance = customer.balance;
  invoice.ending_balance = balanceAfter(invoice);
  moveBalance(world, invoice.customer, invoice.ending_balance - invoice.starting_balance);
  const amount = amountDue(invoice);
  if (amount > 0) {
    const intent = world.store.put('paymentIntents', {
      id: newStripeId('pi'),
      amount,
      currency: invoice.currency,
      customer: invoice.customer,
      invoice: id,
      payment_method: null,
      status: 'requires_payment_method',
      created: now,
      canceled_at: null,
      charge: null,
      error: null,
    });
    invoice.payment = {
      id: newStripeId('inpay'),
      payment_intent: intent.id,
      amount,
      status: 'open',
      created: now,
      paid_at: null,
      canceled_at: null,
    };
    emit(world, 'payment_intent.created', renderPaymentIntent(world, intent));
  }
  emitFor(world, 'invoice.finalized', 'invoices', id);
}

/** Changes the customer's balance: finalizing an invoice applies the balance, voiding the invoice restores it. */
function moveBalance(world: World, customer: string, by: number): void {
  if (by === 0) return;
  change(world, 'customers', customer, 'customer.updated', (record) => {
    record.balance += by;
  });
}

/** Voids an open invoice and cancels its payment. */
export function voidInvoice(world: World, id: string): void {
  const invoice = world.store.edit('invoices', id);
  const now = world.now(invoice.customer);
  if (invoice.ending_balance !== null) {
    moveBalance(world, invoice.customer, invoice.starting_balance - invoice.ending_balance);
  }
  if (invoice.payment) {
    invoice.payment.status = 'canceled';
    invoice.payment.canceled_at = now;
    change(world, 'paymentIntents', invoice.payment.payment_intent, 'payment_intent.canceled', (intent) => {
      intent.status = 'canceled';
      intent.canceled_at = now;
    });
  }
  change(world, 'invoices', id, 'invoice.voided', (record) => {
    record.status = 'void';
    record.voided_at = now;
    record.next_payment_attempt = null;
    record.auto_advance = false;
  });
}
