import { createCustomer } from '../customers/customers';
import { attachCard } from '../customers/payment-methods';
import { addTaxId } from '../customers/tax-ids';
import { payInvoice } from '../invoices/payments';
import type { CardInput, SessionRecord } from '../store/billing-records';
import { behaviourOf, isDebit, TEST_CARDS } from '../store/cards';
import { refuse } from '../store/failure';
import { newStripeId } from '../store/ids';
import { amountDue } from '../store/invoice-sums';
import type { World } from '../store/world';
import { createSubscription } from '../subscriptions/subscription-create';
import { readSubscriptionData } from '../subscriptions/subscriptions';
import { change, emitFor } from '../webhooks/events';
import { payOnce } from './one-off';

export type Paid = { state: 'complete' } | { state: 'challenge' } | { state: 'declined'; message: string };

/** Returns why the typed card cannot be used, or null. `now` is in unix seconds and decides whether the card has expired. */
export function cardFault(card: CardInput, now: number): string | null {
  if (!behaviourOf(card.number)) {
    return `This is not a test card. Use one of the numbers listed below, such as ${Object.keys(TEST_CARDS)[0]}.`;
  }
  const date = new Date(now * 1000);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
  const isPast = card.exp_year < year || (card.exp_year === year && card.exp_month < month);
  return isPast || card.exp_month < 1 || card.exp_month > 12
    ? "Your card's expiration date is in the past."
    : null;
}

/**
 * Pays an open session with a card, like a customer on the page. A declined card leaves the session open and creates
 * nothing. `confirmed` = the customer has passed the bank's challenge. Throws a refusal for a closed session.
 */
export function payCheckout(world: World, id: string, card: CardInput, confirmed = false): Paid {
  const session = world.need('checkoutSessions', id, 'checkout.session');
  if (session.status !== 'open') throw refuse(`This checkout session is ${session.status}.`);
  const fault = cardFault(card, world.now(session.customer)) ?? notOffered(session, card);
  if (fault) return decline(world, id, fault);
  const behaviour = behaviourOf(card.number);
  if (behaviour?.declines) return decline(world, id, behaviour.declines.message);
  if (behaviour?.challenge !== 'never' && !confirmed) {
    const record = world.store.edit('checkoutSessions', id);
    record.challenge = card;
    if (session.mode === 'subscription') record.begun ??= begin(world, record, card);
    return { state: 'challenge' };
  }
  const failsNow = behaviour?.failsLater && session.mode !== 'setup' && session.amount_total !== 0;
  // A card that fails later can be saved. A charge while the customer is present is already such a later charge.
  if (failsNow) return decline(world, id, behaviour.failsLater?.message ?? 'Your card was declined.');
  complete(world, session, card);
  return { state: 'complete' };
}

/** Returns why the session does not offer this payment method, or null. */
function notOffered({ echoed }: Readonly<SessionRecord>, card: CardInput): string | null {
  const allowed = echoed.allowed_payment_method_types as string[] | undefined;
  const type = isDebit(card.number) ? 'sepa_debit' : 'card';
  return !allowed || allowed.includes(type) ? null : `This page does not take ${type}.`;
}

/** Records a failed bank challenge and returns the decline. */
export function failChallenge(world: World, id: string): Paid {
  return decline(
    world,
    id,
    'We are unable to authenticate your payment method. Please choose another one and try again.',
  );
}

function decline(world: World, id: string, message: string): Paid {
  const session = world.store.edit('checkoutSessions', id);
  session.last_error = message;
  session.challenge = null;
  return { state: 'declined', message };
}

/** Creates the subscription as `incomplete` before the customer answers the bank, like real Stripe. Returns its id. */
function begin(world: World, session: SessionRecord, card: CardInput): string {
  session.customer = customerFor(world, session, card);
  const method = attachCard(world, session.customer, card);
  return makeSubscription(world, session, session.customer, method, 'default_incomplete');
}

function customerFor(world: World, session: Readonly<SessionRecord>, card: CardInput): string {
  const email = card.email ?? session.customer_email;
  const customer = session.customer ?? createCustomer(world, { email: email ?? '', name: card.name ?? '' });
  if (card.business) saveBusiness(world, customer, card.business);
  if (card.name && !world.store.read('customers', customer)?.name) {
    change(world, 'customers', customer, 'customer.updated', (record) => {
      record.name = card.name;
    });
  }
  return customer;
}

/** Saves the business details typed at checkout to the customer, as `customer_update` and `tax_id_collection` request. */
export function saveBusiness(
  world: World,
  customer: string,
  business: NonNullable<CardInput['business']>,
): void {
  const { name, address, taxId } = business;
  if (name || address)
    change(world, 'customers', customer, 'customer.updated', (record) => {
      if (name) record.name = name;
      if (address) record.address = address;
    });
  if (taxId) addTaxId(world, customer, taxId);
}

function complete(world: World, session: Readonly<SessionRecord>, card: CardInput): void {
  const customer = customerFor(world, session, card);
  const method = attachCard(world, customer, { ...card, email: card.email ?? session.customer_email });
  const make = { payment: payOnce, setup: setUp, subscription: subscribe }[session.mode];
  const made = make(world, session, customer, method);
  const record = world.store.edit('checkoutSessions', session.id);
  Object.assign(record, made, {
    customer,
    status: 'complete',
    challenge: null,
    begun: null,
    last_error: null,
    payment_method: method,
  });
  emitFor(world, 'checkout.session.completed', 'checkoutSessions', session.id);
}

function setUp(
  world: World,
  session: Readonly<SessionRecord>,
  customer: string,
  method: string,
): Partial<SessionRecord> {
  const intent = world.store.put('setupIntents', {
    id: newStripeId('seti'),
    customer,
    payment_method: method,
    status: 'succeeded',
    metadata: {},
    created: world.now(session.customer),
  });
  emitFor(world, 'setup_intent.succeeded', 'setupIntents', intent.id);
  return { setup_intent: intent.id, payment_status: 'no_payment_required' };
}

function subscribe(
  world: World,
  session: Readonly<SessionRecord>,
  customer: string,
  method: string,
): Partial<SessionRecord> {
  const begun = session.begun && world.store.read('subscriptions', session.begun);
  const id =
    begun && begun.ended_at === null
      ? finish(world, begun.id, method)
      : makeSubscription(world, session, customer, method, 'error_if_incomplete');
  const invoice = world.need('subscriptions', id, 'subscription').latest_invoice;
  const made = invoice ? world.need('invoices', invoice, 'invoice') : null;
  const paid = made?.amount_paid ?? 0;
  const isDue = made?.status === 'open';
  return {
    subscription: id,
    invoice,
    amount_total: isDue && made ? amountDue(made) : paid,
    payment_status: paid > 0 ? 'paid' : isDue ? 'unpaid' : 'no_payment_required',
  };
}

/** Pays the first invoice of the incomplete subscription with the given payment method. Returns the subscription's id. */
function finish(world: World, id: string, method: string): string {
  change(world, 'subscriptions', id, 'customer.subscription.updated', (record) => {
    record.default_payment_method = method;
  });
  const invoice = world.need('subscriptions', id, 'subscription').latest_invoice;
  if (invoice) payInvoice(world, invoice, { method, manual: true, confirmed: true });
  return id;
}

function makeSubscription(
  world: World,
  session: Readonly<SessionRecord>,
  customer: string,
  method: string,
  payment_behavior: 'default_incomplete' | 'error_if_incomplete',
): string {
  return createSubscription(world, {
    ...readSubscriptionData(session.subscription_data, world.now(customer)),
    customer,
    items: session.line_items.map(({ price, quantity }) => ({ price, quantity })),
    currency: session.currency ?? undefined,
    payment_behavior,
    default_payment_method: method,
    cancel_at_period_end: false,
    cancel_at: null,
    attempt: { confirmed: true },
    automatic_tax: session.automatic_tax === true,
    ...(session.promotion_code ? { promotion: { code: session.promotion_code, session: session.id } } : {}),
  });
}
