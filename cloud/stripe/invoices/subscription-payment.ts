import type { World } from '../store/world';
import { change } from '../webhooks/events';
import type { Attempt } from './payments';
import { cancelNow } from './subscription-cancel';

const DAY_SECONDS = 86_400;

/** Applies the pending update of a paid invoice, and reactivates its subscription unless another invoice is still unpaid. */
export function invoicePaid(world: World, id: string): void {
  const invoice = world.need('invoices', id, 'invoice');
  const subscription = invoice.subscription
    ? world.store.read('subscriptions', invoice.subscription)
    : undefined;
  if (!subscription || subscription.ended_at !== null) return;
  const pending = subscription.pending_update;
  if (pending?.invoice === id) {
    change(
      world,
      'subscriptions',
      subscription.id,
      'customer.subscription.pending_update_applied',
      (record) => {
        record.items = pending.items;
        record.pending_update = null;
      },
    );
  }
  const owed = world.store
    .all('invoices')
    .some(
      (other) =>
        other.subscription === subscription.id &&
        other.status === 'open' &&
        other.attempted &&
        other.id !== pending?.invoice,
    );
  if (owed || !['incomplete', 'past_due', 'unpaid'].includes(subscription.status)) return;
  change(world, 'subscriptions', subscription.id, 'customer.subscription.updated', (record) => {
    record.status = 'active';
  });
}

/** Marks the subscription of a failed charge as past due and schedules a retry; after the last one, takes the final action. */
export function invoiceFailed(world: World, id: string, attempt: Attempt): void {
  const invoice = world.store.edit('invoices', id);
  const subscription = invoice.subscription
    ? world.store.read('subscriptions', invoice.subscription)
    : undefined;
  if (!subscription || attempt.waits) return;
  // A first invoice has no retry: the subscription waits 23 hours for its customer.
  if (subscription.status === 'incomplete' || subscription.ended_at !== null) return;
  if (attempt.manual && invoice.next_payment_attempt !== null) return;
  const days = world.settings.retry_days[invoice.attempt_count - 1];
  const now = world.now(invoice.customer);
  invoice.next_payment_attempt = days === undefined ? null : now + days * DAY_SECONDS;
  if (days === undefined) return giveUp(world, subscription.id);
  change(world, 'subscriptions', subscription.id, 'customer.subscription.updated', (record) => {
    if (record.status === 'active' || record.status === 'trialing') record.status = 'past_due';
  });
}

function giveUp(world: World, subscriptionId: string): void {
  const action = world.settings.final_action;
  if (action === 'canceled') {
    cancelNow(world, subscriptionId, 'payment_failed');
    return;
  }
  change(world, 'subscriptions', subscriptionId, 'customer.subscription.updated', (record) => {
    record.status = action;
  });
}
