import { redeem } from '../catalogue/promotions';
import { draftInvoice, finalizeInvoice } from '../invoices/invoice-make';
import { type Attempt, collectInvoice, type Outcome } from '../invoices/payments';
import { intervalOf, periodLines, priceOf, trialLines } from '../invoices/proration';
import type { AnchorConfig, ItemRecord, SubscriptionRecord } from '../store/billing-records';
import { declined, refuse } from '../store/failure';
import { newStripeId } from '../store/ids';
import { addIntervals, cycleAt, nextAnchor } from '../store/period';
import { priceAmount } from '../store/price-amount';
import type { Metadata } from '../store/records';
import type { World } from '../store/world';
import { emitFor } from '../webhooks/events';

export interface NewSubscription {
  customer: string;
  items: { price: string; quantity: number; metadata?: Metadata }[];
  currency?: string;
  trial_end: number | null;
  billing_cycle_anchor: number | null;
  billing_cycle_anchor_config: AnchorConfig | null;
  proration_behavior: string;
  payment_behavior: string;
  default_payment_method: string | null;
  metadata: Metadata;
  description: string | null;
  cancel_at_period_end: boolean;
  cancel_at: number | null;
  trial_settings: SubscriptionRecord['trial_settings'];
  attempt?: Attempt;
  automatic_tax?: boolean;
  /** A promotion code and the checkout session that applied it. */
  promotion?: { code: string; session: string };
}

/**
 * Creates a subscription, creates its first invoice and charges it. Returns the subscription's id. Throws 402 and
 * creates nothing when `payment_behavior` is error_if_incomplete and the charge fails.
 */
export function createSubscription(world: World, input: NewSubscription): string {
  const now = world.now(input.customer);
  const record = build(world, input, now);
  world.store.put('subscriptions', record);
  if (input.promotion) record.discount = redeem(world, input.promotion.code, record, input.promotion.session);
  const trialing = record.trial_end !== null;
  if (trialing) record.status = 'trialing';
  const lines = trialing ? trialLines(world, record) : periodLines(world, record, now, record.period_end);
  const free = !trialing && input.proration_behavior === 'none' && record.billing_cycle_anchor > now;
  if (free) record.status = 'active';
  emitFor(world, 'customer.subscription.created', 'subscriptions', record.id);
  if (free) return record.id;
  const invoice = draftInvoice(world, {
    subscription: record,
    lines,
    billing_reason: 'subscription_create',
    period_start: now,
    period_end: now,
  });
  const outcome = collectFirst(world, invoice, input);
  if (!outcome.paid && input.payment_behavior === 'error_if_incomplete') throw refusal(outcome);
  return record.id;
}

/** Returns the 402 for a change that was not made because its payment failed. */
export function refusal(outcome: Outcome & { paid: false }): Error {
  const { code, message, decline_code } = outcome.failure;
  if (!outcome.needsOwner) return declined(code, message, decline_code);
  const text = 'Payment for this subscription requires additional user action before it can be completed.';
  return declined('subscription_payment_intent_requires_action', text, null);
}

function collectFirst(world: World, invoice: string, input: NewSubscription): Outcome {
  const due = world.need('invoices', invoice, 'invoice').lines.some((line) => line.amount > 0);
  if (input.payment_behavior !== 'default_incomplete' || !due) {
    return collectInvoice(world, invoice, input.attempt);
  }
  finalizeInvoice(world, invoice);
  return { paid: true };
}

function build(world: World, input: NewSubscription, now: number): SubscriptionRecord {
  const items = input.items.map((item) => buildItem(item, now));
  const currency = currencyOf(world, input, items);
  const every = intervalOf(world, items);
  const anchor = anchorOf(input, now);
  const limit = addIntervals(input.trial_end ?? now, every, 1);
  if (anchor < now || anchor > limit) {
    const message = 'billing_cycle_anchor must lie between now and the first natural billing date.';
    throw refuse(message, 'billing_cycle_anchor');
  }
  const cycleEnd = anchor > now ? anchor : cycleAt(anchor, every, now).end;
  const period_end = input.trial_end ?? cycleEnd;
  const cancelAt = input.cancel_at_period_end ? period_end : input.cancel_at;
  return {
    id: newStripeId('sub'),
    customer: input.customer,
    status: 'incomplete',
    currency,
    created: now,
    billing_cycle_anchor: anchor,
    billing_cycle_anchor_config: input.billing_cycle_anchor_config,
    items,
    period_start: now,
    period_end,
    cancel_at: cancelAt,
    cancel_at_period_end: input.cancel_at_period_end,
    canceled_at: cancelAt === null ? null : now,
    ended_at: null,
    cancellation_details: {
      comment: null,
      feedback: null,
      reason: cancelAt === null ? null : 'cancellation_requested',
    },
    default_payment_method: input.default_payment_method,
    description: input.description,
    latest_invoice: null,
    metadata: input.metadata,
    pause_collection: null,
    schedule: null,
    trial_start: input.trial_end === null ? null : now,
    trial_end: input.trial_end,
    trial_settings: input.trial_settings,
    automatic_tax: input.automatic_tax ?? false,
    pending_update: null,
    pending_lines: [],
    noticed: {},
  };
}

function buildItem(item: NewSubscription['items'][number], now: number): ItemRecord {
  const { price, quantity, metadata = {} } = item;
  return { id: newStripeId('si'), price, quantity, metadata: metadata ?? {}, created: now };
}

function anchorOf(input: NewSubscription, now: number): number {
  if (input.billing_cycle_anchor_config)
    return nextAnchor(input.billing_cycle_anchor_config, input.trial_end ?? now);
  return input.billing_cycle_anchor ?? input.trial_end ?? now;
}

function currencyOf(world: World, input: NewSubscription, items: ItemRecord[]): string {
  const [first] = items;
  if (!first) throw refuse('Missing required param: items.', 'items', 'parameter_missing');
  const held = world.store.read('customers', input.customer)?.currency;
  const currency = input.currency ?? priceOf(world, first).currency;
  if (held && held !== currency && hasLiveSubscription(world, input.customer)) {
    throw refuse(`This customer already pays in ${held}; a customer cannot have two currencies.`, 'currency');
  }
  const every = intervalOf(world, items);
  for (const item of items) {
    const price = priceOf(world, item);
    if (!price.active) throw refuse(`The price ${price.id} is inactive.`, 'items');
    if (
      price.recurring?.interval !== every.interval ||
      price.recurring.interval_count !== every.interval_count
    ) {
      throw refuse('All items of a subscription here must share one interval.', 'items');
    }
    priceAmount(price, currency);
  }
  return currency;
}

function hasLiveSubscription(world: World, customer: string): boolean {
  return world.store.all('subscriptions').some((s) => s.customer === customer && s.ended_at === null);
}
