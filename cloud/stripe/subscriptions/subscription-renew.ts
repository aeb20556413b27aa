import { DRAFT_SECONDS, draftInvoice, voidInvoice } from '../invoices/invoice-make';
import { intervalOf, periodLines } from '../invoices/proration';
import { cancelNow } from '../invoices/subscription-cancel';
import type { SubscriptionRecord } from '../store/billing-records';
import { cycleAt } from '../store/period';
import type { World } from '../store/world';
import { change, emitFor } from '../webhooks/events';

/** Handles the end of a period: the subscription ends, pauses, or starts the next period with a draft invoice. */
export function reachPeriodEnd(world: World, id: string): void {
  const subscription = world.need('subscriptions', id, 'subscription');
  const now = world.now(subscription.customer);
  if (subscription.cancel_at !== null && subscription.cancel_at <= now) return cancelNow(world, id, null);
  if (subscription.status === 'trialing' && !hasCard(world, subscription)) {
    const wish = subscription.trial_settings.missing_payment_method;
    if (wish === 'cancel') return cancelNow(world, id, null);
    if (wish === 'pause') return pause(world, id);
  }
  renew(world, id, now);
}

function hasCard(world: World, subscription: Readonly<SubscriptionRecord>): boolean {
  const customer = world.store.read('customers', subscription.customer);
  return Boolean(subscription.default_payment_method ?? customer?.default_payment_method);
}

/** Pauses billing until the subscription is resumed. */
export function pause(world: World, id: string): void {
  change(world, 'subscriptions', id, 'customer.subscription.updated', (record) => {
    record.status = 'paused';
  });
  emitFor(world, 'customer.subscription.paused', 'subscriptions', id);
}

/** Starts a period at `now` that ends with the anchor's cycle, and drafts its invoice. Returns the invoice's id. */
export function renew(world: World, id: string, now: number, finalizeAfterSeconds = DRAFT_SECONDS): string {
  const before = world.need('subscriptions', id, 'subscription');
  const previous = { start: before.period_start, end: before.period_end };
  change(world, 'subscriptions', id, 'customer.subscription.updated', (record) => {
    record.period_start = now;
    record.period_end = cycleAt(record.billing_cycle_anchor, intervalOf(world, record.items), now).end;
    if (record.status === 'trialing' || record.status === 'paused') record.status = 'active';
    record.noticed = {};
  });
  const record = world.store.edit('subscriptions', id);
  const lines = [...record.pending_lines.splice(0), ...periodLines(world, record, now, record.period_end)];
  const invoice = draftInvoice(world, {
    subscription: record,
    lines,
    billing_reason: 'subscription_cycle',
    period_start: previous.start,
    period_end: previous.end,
    finalizeAfterSeconds,
    auto_advance: record.status !== 'unpaid' && record.pause_collection === null,
  });
  if (record.pause_collection?.behavior === 'void') voidInvoice(world, invoice);
  return invoice;
}

/** Drops an unpaid pending update after its deadline and voids its invoice. */
export function expirePendingUpdate(world: World, id: string): void {
  const pending = world.need('subscriptions', id, 'subscription').pending_update;
  if (!pending) return;
  voidInvoice(world, pending.invoice);
  change(world, 'subscriptions', id, 'customer.subscription.pending_update_expired', (record) => {
    record.pending_update = null;
  });
}

/** Expires a subscription whose first payment is still missing after 23 hours, and voids its invoice. */
export function expireIncomplete(world: World, id: string): void {
  const subscription = world.need('subscriptions', id, 'subscription');
  const invoice = subscription.latest_invoice;
  if (invoice && world.store.read('invoices', invoice)?.status === 'open') voidInvoice(world, invoice);
  change(world, 'subscriptions', id, 'customer.subscription.updated', (record) => {
    record.status = 'incomplete_expired';
    record.ended_at = world.now(record.customer);
  });
}
