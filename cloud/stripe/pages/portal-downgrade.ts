import { intervalOf, priceOf } from '../invoices/proration';
import type { Json } from '../schema/fill';
import type { ItemRecord, PhaseRecord, SubscriptionRecord } from '../store/billing-records';
import { newStripeId } from '../store/ids';
import { addIntervals } from '../store/period';
import { priceAmount } from '../store/price-amount';
import type { World } from '../store/world';
import { applyItems } from '../subscriptions/subscription-items';
import { change, emitFor } from '../webhooks/events';
import type { PortalCall } from './portal';

/** Schedules a cheaper plan for the end of the period if the configuration says so. Returns false for a change to make now. */
export function scheduleDowngrade(
  call: PortalCall,
  subscription: Readonly<SubscriptionRecord>,
  items: Json[],
): boolean {
  const { world, features } = call;
  const settings = features.subscription_update?.schedule_at_period_end as
    | { conditions: { type: string }[] }
    | undefined;
  const waitsForCheaper = settings?.conditions.some(
    (condition) => condition.type === 'decreasing_item_amount',
  );
  const next = applyItems(world, subscription, items);
  const costs = (list: readonly ItemRecord[]) =>
    list.reduce(
      (sum, item) => sum + priceAmount(priceOf(world, item), subscription.currency) * item.quantity,
      0,
    );
  if (!waitsForCheaper || costs(next) >= costs(subscription.items)) return false;
  attach(world, subscription, next);
  return true;
}

function attach(world: World, subscription: Readonly<SubscriptionRecord>, next: ItemRecord[]): void {
  const phase = (items: readonly ItemRecord[], start_date: number, end_date: number): PhaseRecord => ({
    start_date,
    end_date,
    items: items.map(({ price, quantity }) => ({ price, quantity, metadata: {} })),
    proration_behavior: 'none',
    metadata: {},
  });
  const { period_start, period_end } = subscription;
  const after = addIntervals(period_end, intervalOf(world, next), 1);
  const schedule = world.store.put('schedules', {
    id: newStripeId('sub_sched'),
    customer: subscription.customer,
    subscription: subscription.id,
    status: 'active',
    phases: [phase(subscription.items, period_start, period_end), phase(next, period_end, after)],
    phase: 0,
    end_behavior: 'release',
    currency: subscription.currency,
    metadata: {},
    created: world.now(subscription.customer),
    canceled_at: null,
    completed_at: null,
    released_at: null,
    released_subscription: null,
  });
  emitFor(world, 'subscription_schedule.created', 'schedules', schedule.id);
  change(world, 'subscriptions', subscription.id, 'customer.subscription.updated', (record) => {
    record.schedule = schedule.id;
  });
}
