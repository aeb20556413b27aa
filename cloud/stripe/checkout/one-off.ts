import type { Json } from '../schema/fill';
import { mergeMetadata } from '../store/assign';
import type { SessionRecord } from '../store/billing-records';
import { missingParam, notHere, refuse } from '../store/failure';
import { newStripeId } from '../store/ids';
import { leastCharge } from '../store/invoice-sums';
import { priceAmount } from '../store/price-amount';
import type { World } from '../store/world';
import { emitFor } from '../webhooks/events';
import { oneOffInvoice } from './one-off-invoice';

/** Sessions of `mode: payment`: prices without an interval, one payment intent, one charge, an invoice only if requested. */

/** Returns the line items of such a session. Throws a refusal for a price that is unknown, archived or recurring. */
export function readOneOffItems(world: World, sent: unknown) {
  const items = (sent ?? []) as { price?: string; quantity?: number; price_data?: Json }[];
  if (items.length === 0)
    throw refuse('Missing required param: line_items.', 'line_items', 'parameter_missing');
  return items.map((item, index) => {
    const at = `line_items[${index}]`;
    if (item.price_data) throw notHere('line_items[price_data]');
    const price = item.price ? world.store.read('prices', item.price) : undefined;
    if (!price) throw missingParam('price', String(item.price), `${at}[price]`);
    if (!price.active) throw refuse(`The price specified is inactive: ${price.id}`, `${at}[price]`);
    if (price.recurring)
      throw refuse(
        'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.',
        at,
      );
    if (item.quantity === undefined)
      throw refuse('Quantity is required.', `${at}[quantity]`, 'parameter_missing');
    return { price: price.id, quantity: item.quantity };
  });
}

/** Returns the amount to charge in minor units. Throws a refusal for less than the minimum charge. */
export function oneOffTotal(world: World, session: Readonly<SessionRecord>): number {
  const currency = session.currency ?? 'usd';
  const total = session.line_items.reduce((sum, item) => {
    const price = world.need('prices', item.price, 'price');
    return sum + priceAmount(price, currency) * item.quantity;
  }, 0);
  if (total >= leastCharge(currency)) return total;
  throw refuse(
    `The Checkout Session's total amount must convert to at least ${leastCharge(currency)} minor units.`,
    'line_items',
    'amount_too_small',
  );
}

/** Charges the session's card once. Returns the session fields that the payment sets. */
export function payOnce(
  world: World,
  session: Readonly<SessionRecord>,
  customer: string,
  method: string,
): Partial<SessionRecord> {
  const now = world.now(customer);
  const amount = oneOffTotal(world, session);
  const currency = session.currency ?? 'usd';
  const [id, charge] = [newStripeId('pi'), newStripeId('ch')];
  world.store.put('paymentIntents', {
    id,
    amount,
    currency,
    customer,
    invoice: null,
    payment_method: method,
    status: 'succeeded',
    created: now,
    canceled_at: null,
    charge,
    error: null,
    metadata: mergeMetadata({}, session.payment_data?.metadata),
  });
  world.store.put('charges', {
    id: charge,
    amount,
    amount_refunded: 0,
    currency,
    customer,
    payment_intent: id,
    payment_method: method,
    status: 'succeeded',
    error: null,
    created: now,
    metadata: mergeMetadata({}, session.payment_data?.metadata),
  });
  emitFor(world, 'charge.succeeded', 'charges', charge);
  emitFor(world, 'payment_intent.succeeded', 'paymentIntents', id);
  const invoice = session.invoice_creation
    ? oneOffInvoice(world, session, { customer, paymentIntent: id, amount })
    : null;
  return { payment_intent: id, amount_total: amount, payment_status: 'paid', invoice };
}
