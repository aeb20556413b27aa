import { cancelNow } from '../invoices/subscription-cancel';
import type { PhaseRecord, ScheduleRecord, SubscriptionRecord } from '../store/billing-records';
import { newStripeId } from '../store/ids';
import type { World } from '../store/world';
import { change } from '../webhooks/events';
import { changeSubscription } from './subscription-change';
import { createSubscription } from './subscription-create';

/** Returns when the schedule advances next, in unix seconds: the end of its phase or the start of the first; null = never. */
export function phaseEnd(world: World, id: string): number | null {
  const schedule = world.store.read('schedules', id);
  if (schedule?.status === 'not_started') return schedule.phases[0]?.start_date ?? null;
  if (schedule?.status !== 'active' || schedule.phase === null) return null;
  return schedule.phases[schedule.phase]?.end_date ?? null;
}

/** Enters the next phase. After the last one the schedule releases or cancels its subscription. */
export function advanceSchedule(world: World, id: string): void {
  const schedule = world.need('schedules', id, 'subscription schedule');
  const next = schedule.phase === null ? 0 : schedule.phase + 1;
  const phase = schedule.phases[next];
  if (!phase) {
    finish(world, schedule);
    return;
  }
  if (!schedule.subscription) begin(world, schedule, phase);
  change(world, 'schedules', id, 'subscription_schedule.updated', (record) => {
    record.phase = next;
    record.status = 'active';
  });
  if (schedule.subscription) enterPhase(world, schedule.subscription, phase);
}

function begin(world: World, schedule: Readonly<ScheduleRecord>, phase: PhaseRecord): void {
  const subscription = createSubscription(world, {
    customer: schedule.customer,
    items: phase.items,
    currency: schedule.currency,
    trial_end: null,
    billing_cycle_anchor: null,
    billing_cycle_anchor_config: null,
    proration_behavior: phase.proration_behavior,
    payment_behavior: 'allow_incomplete',
    default_payment_method: null,
    metadata: phase.metadata,
    description: null,
    cancel_at_period_end: false,
    cancel_at: null,
    trial_settings: { billing_cycle_anchor: 'now', missing_payment_method: 'create_invoice' },
  });
  world.store.edit('schedules', schedule.id).subscription = subscription;
  world.store.edit('subscriptions', subscription).schedule = schedule.id;
}

/** Applies a phase's items. At the end of a period nothing is prorated, because the renewal bills the new items. */
export function enterPhase(world: World, id: string, phase: PhaseRecord): void {
  const subscription = world.need('subscriptions', id, 'subscription');
  const now = world.now(subscription.customer);
  const items = phase.items.map((wanted, index) => {
    const held = subscription.items[index];
    return {
      id: held?.id ?? newStripeId('si'),
      price: wanted.price,
      quantity: wanted.quantity,
      metadata: { ...held?.metadata, ...wanted.metadata },
      created: held?.created ?? now,
    };
  });
  if (isSame(subscription, phase)) return;
  changeSubscription(world, id, {
    items,
    proration_behavior: subscription.period_end <= now ? 'none' : phase.proration_behavior,
    proration_date: null,
    payment_behavior: 'allow_incomplete',
    trial_end: null,
    anchor: null,
  });
}

function isSame(subscription: Readonly<SubscriptionRecord>, phase: PhaseRecord): boolean {
  const text = (items: { price: string; quantity: number }[]) =>
    items.map((item) => `${item.price}×${item.quantity}`).join();
  return text(subscription.items) === text(phase.items);
}

function finish(world: World, schedule: Readonly<ScheduleRecord>): void {
  const now = world.now(schedule.customer);
  const { id, subscription, end_behavior } = schedule;
  if (end_behavior === 'release') {
    releaseSchedule(world, id);
    return;
  }
  change(world, 'schedules', id, 'subscription_schedule.completed', (record) => {
    record.status = 'completed';
    record.completed_at = now;
    record.phase = null;
  });
  if (!subscription) return;
  world.store.edit('subscriptions', subscription).schedule = null;
  cancelNow(world, subscription, null);
}

/** Releases a schedule: its subscription continues unchanged without it. */
export function releaseSchedule(world: World, id: string): void {
  const { subscription, customer } = world.need('schedules', id, 'subscription schedule');
  change(world, 'schedules', id, 'subscription_schedule.released', (record) => {
    record.status = 'released';
    record.released_at = world.now(customer);
    record.released_subscription = subscription;
    record.subscription = null;
    record.phase = null;
  });
  if (!subscription) return;
  change(world, 'subscriptions', subscription, 'customer.subscription.updated', (record) => {
    record.schedule = null;
  });
}
