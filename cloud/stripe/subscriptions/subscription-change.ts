import { draftInvoice, finalizeInvoice } from '../invoices/invoice-make';
import { collectInvoice, type Outcome } from '../invoices/payments';
import { creditLines, debitLines, intervalOf, periodLines, priceOf, trialLines } from '../invoices/proration';
import type { ItemRecord, LineRecord, SubscriptionRecord } from '../store/billing-records';
import { Failure, refuse } from '../store/failure';
import { cycleAt } from '../store/period';
import { priceAmount } from '../store/price-amount';
import type { World } from '../store/world';
import { change } from '../webhooks/events';
import { refusal } from './subscription-create';
import { changedItems } from './subscription-items';

export interface MoneyChange {
  items: ItemRecord[];
  proration_behavior: string;
  proration_date: number | null;
  payment_behavior: string;
  /** `now` ends the trial, a number sets its end in unix seconds, null leaves it unchanged. */
  trial_end: 'now' | number | null;
  anchor: 'now' | 'unchanged' | null;
}

/**
 * Changes the price of a subscription. Returns the id of an immediate invoice, or null. Throws 402 and changes
 * nothing when `payment_behavior` is error_if_incomplete and the charge fails.
 */
export function changeSubscription(world: World, id: string, input: MoneyChange): string | null {
  const before = structuredClone(world.need('subscriptions', id, 'subscription')) as SubscriptionRecord;
  const now = world.now(before.customer);
  const at = prorationDate(before, input, now);
  const resets = doesReset(world, before, input);
  const settled = before.pending_lines.length;
  const lines = startLines(world, before, input, at, resets);
  apply(world, id, before, input, now, resets);
  const after = world.store.edit('subscriptions', id);
  if (typeof input.trial_end === 'number') lines.push(...trialLines(world, after));
  else if (resets) lines.push(...periodLines(world, after, after.period_start, after.period_end));
  else if (prorates(before, input)) {
    lines.push(...debitLines(world, before, changedItems(before.items, input.items).come, at));
  }
  const atOnce =
    resets || typeof input.trial_end === 'number' || input.proration_behavior === 'always_invoice';
  if (!atOnce || lines.length + settled === 0) {
    after.pending_lines.push(...lines);
    return null;
  }
  const invoice = draftInvoice(world, {
    subscription: after,
    lines: [...after.pending_lines.splice(0), ...lines],
    billing_reason: 'subscription_update',
    proration_date: at,
    period_start: before.period_start,
    period_end: resets ? now : at,
  });
  collect(world, id, before, input, invoice, at);
  return invoice;
}

function prorationDate(before: SubscriptionRecord, input: MoneyChange, now: number): number {
  const at = input.proration_date ?? now;
  if (at < before.period_start || at > before.period_end) {
    throw refuse('proration_date must lie within the current billing period.', 'proration_date');
  }
  return at;
}

const prorates = (before: SubscriptionRecord, input: MoneyChange) =>
  before.status !== 'trialing' && input.proration_behavior !== 'none';

/** Returns whether a new period starts now: a trial ends, the anchor moves, or the interval changes. */
function doesReset(world: World, before: SubscriptionRecord, input: MoneyChange): boolean {
  if (typeof input.trial_end === 'number') return false;
  if (before.status === 'trialing') return input.trial_end === 'now';
  if (input.anchor === 'now') return true;
  const [old, next] = [intervalOf(world, before.items), intervalOf(world, input.items)];
  return old.interval !== next.interval || old.interval_count !== next.interval_count;
}

/** Returns credit lines for the paid time that the change replaces. */
function startLines(
  world: World,
  before: SubscriptionRecord,
  input: MoneyChange,
  at: number,
  resets: boolean,
): LineRecord[] {
  if (!prorates(before, input)) return [];
  const all = resets || typeof input.trial_end === 'number';
  return creditLines(world, before, all ? before.items : changedItems(before.items, input.items).gone, at);
}

function apply(
  world: World,
  id: string,
  before: SubscriptionRecord,
  input: MoneyChange,
  now: number,
  resets: boolean,
): void {
  const every = intervalOf(world, input.items);
  for (const item of input.items) priceAmount(priceOf(world, item), before.currency);
  const keepsAnchor =
    before.trial_settings.billing_cycle_anchor === 'unchanged' || input.anchor === 'unchanged';
  change(world, 'subscriptions', id, 'customer.subscription.updated', (record) => {
    record.items = input.items;
    if (typeof input.trial_end === 'number') {
      record.status = 'trialing';
      record.trial_start ??= now;
      record.trial_end = input.trial_end;
      record.period_start = now;
      record.period_end = input.trial_end;
      record.billing_cycle_anchor = input.trial_end;
      record.noticed = {};
    }
    if (!resets) return;
    if (before.status === 'trialing') {
      record.trial_end = now;
      record.status = 'active';
    }
    if (before.status !== 'trialing' || !keepsAnchor) record.billing_cycle_anchor = now;
    record.period_start = now;
    record.period_end = cycleAt(record.billing_cycle_anchor, every, now).end;
    if (record.cancel_at_period_end) record.cancel_at = record.period_end;
    record.noticed = {};
  });
}

function collect(
  world: World,
  id: string,
  before: SubscriptionRecord,
  input: MoneyChange,
  invoice: string,
  at: number,
): void {
  const waits = input.payment_behavior === 'pending_if_incomplete';
  if (input.payment_behavior === 'default_incomplete' && !world.rehearsing) {
    finalizeInvoice(world, invoice);
    if (world.need('invoices', invoice, 'invoice').payment) markPastDue(world, id);
    else collectInvoice(world, invoice);
    return;
  }
  const outcome: Outcome = collectInvoice(world, invoice, { waits });
  if (outcome.paid) return;
  if (input.payment_behavior === 'error_if_incomplete') throw refusal(outcome);
  if (waits) holdBack(world, id, before, input, invoice, at);
}

function markPastDue(world: World, id: string): void {
  change(world, 'subscriptions', id, 'customer.subscription.updated', (record) => {
    record.status = 'past_due';
  });
}

/** Reverts an unpaid change and stores it as a pending update until its invoice is paid. Throws 400 for a new billing period. */
function holdBack(
  world: World,
  id: string,
  before: SubscriptionRecord,
  input: MoneyChange,
  invoice: string,
  at: number,
): void {
  if (before.period_start !== world.need('subscriptions', id, 'subscription').period_start) {
    throw new Failure(400, {
      type: 'invalid_request_error',
      code: 'local_stripe_unsupported',
      message: 'The local Stripe holds back price changes only, not a new billing period.',
    });
  }
  change(world, 'subscriptions', id, 'customer.subscription.updated', (record) => {
    record.items = before.items;
    record.status = before.status;
    record.pending_update = {
      expires_at: world.now(before.customer) + 23 * 3600,
      items: input.items,
      proration_date: at,
      invoice,
    };
  });
}
