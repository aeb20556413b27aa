import { productName } from '../invoices/proration';
import { taxFor } from '../invoices/tax';
import type { LineRecord, SessionRecord } from '../store/billing-records';
import { newStripeId } from '../store/ids';
import { priceAmount } from '../store/price-amount';
import type { World } from '../store/world';
import { emitFor } from '../webhooks/events';

/** Invoice fields that have no value without a subscription. */
const NO_SUBSCRIPTION = {
  subscription: null,
  subscription_metadata: {},
  proration_date: null,
  billing_reason: 'manual',
  auto_advance: false,
  next_payment_attempt: null,
  automatically_finalizes_at: null,
  starting_balance: 0,
  ending_balance: 0,
  voided_at: null,
  marked_uncollectible_at: null,
  metadata: {},
};

/** Creates the paid invoice of a one-off payment. Returns the invoice's id. */
export function oneOffInvoice(
  world: World,
  session: Readonly<SessionRecord>,
  { customer, paymentIntent, amount }: { customer: string; paymentIntent: string; amount: number },
): string {
  const now = world.now(customer);
  const currency = session.currency ?? 'usd';
  const owner = world.store.edit('customers', customer);
  const payment = {
    id: newStripeId('inpay'),
    payment_intent: paymentIntent,
    amount,
    status: 'paid',
  } as const;
  const { id } = world.store.put('invoices', {
    ...NO_SUBSCRIPTION,
    id: newStripeId('in'),
    number: `${owner.invoice_prefix}-${String(owner.next_invoice_sequence++).padStart(4, '0')}`,
    customer,
    status: 'paid',
    currency,
    created: now,
    period_start: now,
    period_end: now,
    lines: session.line_items.map((item) => lineOf(world, item, currency, now)),
    tax: session.automatic_tax ? taxFor(world, customer) : null,
    attempt_count: 1,
    attempted: true,
    amount_paid: amount,
    payment: { ...payment, created: now, paid_at: now, canceled_at: null },
    finalized_at: now,
    paid_at: now,
  });
  world.store.edit('paymentIntents', paymentIntent).invoice = id;
  emitFor(world, 'invoice.paid', 'invoices', id);
  return id;
}

function lineOf(
  world: World,
  { price, quantity }: { price: string; quantity: number },
  currency: string,
  now: number,
): LineRecord {
  return {
    id: newStripeId('il'),
    amount: priceAmount(world.need('prices', price, 'price'), currency) * quantity,
    description: productName(world, { price }),
    period: { start: now, end: now },
    price,
    quantity,
    proration: false,
    subscription_item: '',
  };
}
