import type Stripe from 'stripe';
import { fromUnix, type Instant } from '../../clock';
import { isGone, isRefused, type Payments } from '../payments';
import { type BoughtLine, paidOf, readPaidInvoices } from '../read-invoices';
import { type PackFacts, packsOf, readMoney, refundsOf } from './read-money';
import type { Discount } from './stored-subscription';

/** A subscription as read from the payment provider. Instants in ms, money in minor units. */
export type SubscriptionFacts = {
  id: string;
  status: string;
  /** Our checkout that made it; null when we did not. */
  checkoutId: string | null;
  createdAt: Instant;
  ended: boolean;
  endedAt: Instant | null;
  /** True when a payment method is pinned to the subscription: it is charged whatever the customer's default is. */
  isPinned: boolean;
  itemId: string;
  priceId: string;
  /** The price's amount, correct only in the price's own currency. */
  unitAmount: number;
  currency: string;
  periodStart: Instant;
  periodEnd: Instant;
  paidUntil: Instant | null;
  cancelAt: Instant | null;
  scheduleId: string | null;
  pending: { priceId: string; at: Instant } | null;
  /** A change of price that waits for the confirmation of its payment. */
  pendingUpdate: { priceId: string; invoiceId: string | null; expiresAt: Instant } | null;
  discount: Discount | null;
  latestInvoiceId: string | null;
  amountOpen: number;
  nextPaymentAttemptAt: Instant | null;
  /** What its paid invoices bought. */
  bought: BoughtLine[];
};

export type MethodFacts = { id: string; createdAt: Instant };
export type CardFacts = { brand: string; last4: string; expires: string };
export type CustomerFacts = {
  subscriptions: SubscriptionFacts[];
  card: CardFacts | null;
  currency: string | null;
  packs: PackFacts[];
};

const ENDED = new Set(['canceled', 'incomplete_expired']);
const EXPAND = [
  'data.default_payment_method',
  'data.customer.invoice_settings.default_payment_method',
  'data.latest_invoice',
  'data.schedule',
];

/**
 * Returns what remains of a customer that the provider no longer lists: for a deleted one, the subscription that ended
 * with it. Null when the provider knows neither a deleted customer nor an ended subscription. Throws
 * BILLING_UNAVAILABLE.
 */
export async function readDeleted(
  payments: Payments,
  customer: string,
  subscription: string | null,
): Promise<CustomerFacts | null> {
  const none = (error: unknown) => {
    if (isGone(error)) return null;
    throw error;
  };
  const found = await payments.ask((stripe) => stripe.customers.retrieve(customer)).catch(none);
  if (!found?.deleted) return null;
  const had =
    subscription && (await payments.ask((stripe) => stripe.subscriptions.retrieve(subscription)).catch(none));
  const facts = had ? factsOf(had, [], new Map()) : null;
  return { subscriptions: facts?.ended ? [facts] : [], card: null, currency: null, packs: [] };
}

/** Returns everything of a customer at the provider as of now. Throws BILLING_UNAVAILABLE. */
export async function readStripe(payments: Payments, customer: string): Promise<CustomerFacts> {
  const [page, paid, money] = await Promise.all([
    payments.ask((stripe) =>
      stripe.subscriptions.list({ customer, status: 'all', limit: 100, expand: EXPAND }),
    ),
    readPaidInvoices(payments, customer),
    readMoney(payments, customer),
  ]);
  const refunds = refundsOf(money);
  const discounts = await readDiscounts(payments, customer, page.data);
  const subscriptions = page.data.map((found) => factsOf(found, paid, refunds, discounts.get(found.id)));
  const [first] = page.data;
  return {
    subscriptions: subscriptions.filter((one) => one !== null),
    card: first ? cardOf(page.data) : null,
    currency: first ? (customerOf(first)?.currency ?? first.currency) : null,
    packs: money.flatMap(packsOf),
  };
}

/** Null for a subscription without items, which sells nothing. */
function factsOf(
  found: Stripe.Subscription,
  paid: Stripe.Invoice[],
  refunds: Map<string, number>,
  discount: Discount | null = null,
): SubscriptionFacts | null {
  const item = found.items.data[0];
  if (!item) return null;
  const invoice = typeof found.latest_invoice === 'string' ? null : found.latest_invoice;
  const { bought, paidUntil } = paidOf(found, item, paid, refunds);
  return {
    id: found.id,
    status: isUnderWay(found.status, invoice) ? 'processing' : found.status,
    checkoutId: found.metadata.checkout ?? null,
    createdAt: fromUnix(found.created),
    ended: ENDED.has(found.status),
    endedAt: found.ended_at === null ? null : fromUnix(found.ended_at),
    isPinned: found.default_payment_method !== null,
    itemId: item.id,
    priceId: item.price.id,
    unitAmount: item.price.unit_amount ?? 0,
    currency: found.currency,
    periodStart: fromUnix(item.current_period_start),
    periodEnd: fromUnix(item.current_period_end),
    paidUntil,
    cancelAt: endOf(found),
    scheduleId: typeof found.schedule === 'string' ? found.schedule : (found.schedule?.id ?? null),
    pending: pendingOf(found),
    pendingUpdate: pendingUpdateOf(found, invoice),
    discount,
    latestInvoiceId: invoice?.id ?? null,
    // An amount that waits for the bank is not owed: unpaid, it changes nothing.
    amountOpen: invoice?.status === 'open' && !found.pending_update ? invoice.amount_remaining : 0,
    nextPaymentAttemptAt: invoice?.next_payment_attempt ? fromUnix(invoice.next_payment_attempt) : null,
    bought,
  };
}

/** A first payment that takes days, such as a bank debit: the provider already reports the subscription as active. */
const isUnderWay = (status: string, invoice: Stripe.Invoice | null): boolean =>
  status === 'active' && invoice?.billing_reason === 'subscription_create' && invoice.status === 'open';

function pendingUpdateOf(
  { pending_update: pending }: Stripe.Subscription,
  invoice: Stripe.Invoice | null,
): SubscriptionFacts['pendingUpdate'] {
  const priceId = pending?.subscription_items?.[0]?.price.id;
  if (!pending || !priceId) return null;
  const invoiceId = invoice?.status === 'open' ? invoice.id : null;
  return { priceId, invoiceId, expiresAt: fromUnix(pending.expires_at) };
}

/**
 * Returns the discounts of subscriptions that have one, by subscription. They only change what is shown: a key that may not read
 * coupons gets none. Throws BILLING_UNAVAILABLE.
 */
async function readDiscounts(
  payments: Payments,
  customer: string,
  all: Stripe.Subscription[],
): Promise<Map<string, Discount | null>> {
  if (all.every(({ discounts }) => discounts.length === 0)) return new Map();
  const expand = ['data.discounts.source.coupon'];
  const page = await payments
    .ask((stripe) => stripe.subscriptions.list({ customer, status: 'all', limit: 100, expand }))
    .catch((error) => {
      if (isRefused(error)) return { data: [] };
      throw error;
    });
  return new Map(page.data.map((found) => [found.id, discountOf(found)]));
}

/** Returns the discount that reduces the next invoices, the newest of several, or null. */
function discountOf({ discounts }: Stripe.Subscription): Discount | null {
  const discount = discounts.at(-1);
  if (!discount || typeof discount === 'string') return null;
  const { coupon } = discount.source;
  if (!coupon || typeof coupon === 'string') return null;
  const endsAt = discount.end === null ? null : fromUnix(discount.end);
  return { percentOff: coupon.percent_off, amountOff: coupon.amount_off, endsAt };
}

/** Returns when a subscription ends, by its own date or by its schedule's. */
function endOf({ cancel_at, schedule }: Stripe.Subscription): Instant | null {
  if (cancel_at !== null) return fromUnix(cancel_at);
  if (!schedule || typeof schedule === 'string' || schedule.end_behavior !== 'cancel') return null;
  const end = schedule.phases.at(-1)?.end_date;
  return end === undefined ? null : fromUnix(end);
}

/** Returns the price that a schedule puts in force after the present phase. */
function pendingOf(found: Stripe.Subscription): SubscriptionFacts['pending'] {
  const schedule = typeof found.schedule === 'string' ? null : found.schedule;
  const now = schedule?.current_phase;
  if (!schedule || !now) return null;
  const next = schedule.phases.find((phase) => phase.start_date >= now.end_date);
  const price = next?.items[0]?.price;
  if (!next || !price) return null;
  return { priceId: typeof price === 'string' ? price : price.id, at: fromUnix(next.start_date) };
}

export const customerOf = (found: Stripe.Subscription): Stripe.Customer | null =>
  typeof found.customer === 'string' || found.customer.deleted ? null : (found.customer as Stripe.Customer);

/** Returns an expanded payment method; null for none. */
export const methodOf = (method: string | Stripe.PaymentMethod | null | undefined): MethodFacts | null =>
  method && typeof method !== 'string' ? { id: method.id, createdAt: fromUnix(method.created) } : null;

/** Returns the card that will be charged next: a subscription's own overrides the customer's. */
function cardOf(all: Stripe.Subscription[]): CardFacts | null {
  const live = all.find((one) => !ENDED.has(one.status)) ?? all[0];
  const method =
    live?.default_payment_method ?? (live && customerOf(live)?.invoice_settings.default_payment_method);
  const card = method && typeof method !== 'string' ? method.card : null;
  if (!card) return null;
  const expires = `${String(card.exp_month).padStart(2, '0')}/${card.exp_year % 100}`;
  return { brand: card.brand, last4: card.last4, expires };
}
