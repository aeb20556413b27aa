import { needCustomer } from '../customers/customers';
import { priceOf } from '../invoices/proration';
import { cancelNow } from '../invoices/subscription-cancel';
import { renderOne } from '../render/objects';
import type { Json } from '../schema/fill';
import { mergeMetadata } from '../store/assign';
import type { PhaseRecord, ScheduleRecord } from '../store/billing-records';
import { missingParam, notHere, refuse } from '../store/failure';
import { newStripeId } from '../store/ids';
import { addIntervals, type Interval } from '../store/period';
import type { World } from '../store/world';
import { change, emitFor } from '../webhooks/events';
import { type Call, listRoute, matches, retrieveRoute, route } from '../wire/route';
import { advanceSchedule, enterPhase, releaseSchedule } from './schedule-advance';
import { readItems } from './subscriptions';

function create({ world, params }: Call): Json {
  const from = params.from_subscription as string | undefined;
  const id = from ? createFrom(world, from, params) : createAlone(world, params);
  emitFor(world, 'subscription_schedule.created', 'schedules', id);
  return renderOne(world, 'schedules', id);
}

/** Creates a schedule with one phase: the subscription as it is, until its period ends. Returns the schedule's id. */
function createFrom(world: World, from: string, params: Json): string {
  if (params.phases !== undefined) {
    throw refuse('You cannot set `phases` when `from_subscription` is set.', 'phases');
  }
  const subscription = world.store.read('subscriptions', from);
  if (!subscription || subscription.ended_at !== null)
    throw missingParam('subscription', from, 'from_subscription');
  if (subscription.schedule) {
    const message = `You cannot migrate a subscription that is already attached to a schedule: ${subscription.schedule}`;
    throw refuse(message, 'from_subscription');
  }
  const schedule = blank(world, subscription.customer, subscription.currency, params);
  schedule.subscription = from;
  schedule.status = 'active';
  schedule.phase = 0;
  schedule.phases = [
    {
      start_date: subscription.period_start,
      end_date: subscription.period_end,
      items: subscription.items.map(({ price, quantity }) => ({ price, quantity, metadata: {} })),
      proration_behavior: 'create_prorations',
      metadata: {},
    },
  ];
  if (subscription.cancel_at_period_end) schedule.end_behavior = 'cancel';
  world.store.put('schedules', schedule);
  change(world, 'subscriptions', from, 'customer.subscription.updated', (record) => {
    record.schedule = schedule.id;
    record.cancel_at = null;
    record.cancel_at_period_end = false;
  });
  return schedule.id;
}

function createAlone(world: World, params: Json): string {
  const customer = needCustomer(world, params.customer);
  const now = world.now(customer.id);
  const start =
    params.start_date === 'now' || params.start_date === undefined ? now : Number(params.start_date);
  const schedule = blank(world, customer.id, '', params);
  schedule.phases = readPhases(world, params.phases, start, now, params.proration_behavior);
  const [first] = schedule.phases[0]?.items ?? [];
  schedule.currency = first ? priceOf(world, first).currency : 'usd';
  world.store.put('schedules', schedule);
  if (start <= now) advanceSchedule(world, schedule.id);
  return schedule.id;
}

function blank(world: World, customer: string, currency: string, params: Json): ScheduleRecord {
  return {
    id: newStripeId('sub_sched'),
    customer,
    subscription: null,
    status: 'not_started',
    phases: [],
    phase: null,
    end_behavior: readEndBehavior(params.end_behavior) ?? 'release',
    currency,
    metadata: mergeMetadata({}, params.metadata),
    created: world.now(customer),
    canceled_at: null,
    completed_at: null,
    released_at: null,
    released_subscription: null,
  };
}

function readEndBehavior(sent: unknown): 'release' | 'cancel' | undefined {
  if (sent === undefined || sent === 'release' || sent === 'cancel') return sent;
  throw notHere(`end_behavior=${sent}`);
}

interface PhaseParam extends Json {
  items?: unknown;
  start_date?: number | 'now';
  end_date?: number | 'now';
  duration?: Partial<Interval> & { interval: Interval['interval'] };
  proration_behavior?: string;
}

function readPhases(
  world: World,
  sent: unknown,
  start: number,
  now: number,
  fallback: unknown,
): PhaseRecord[] {
  const phases: PhaseRecord[] = [];
  let from = start;
  for (const [index, phase] of ((sent ?? []) as PhaseParam[]).entries()) {
    for (const name of ['trial_end', 'add_invoice_items', 'discounts', 'trial', 'iterations']) {
      if (phase[name] !== undefined && phase[name] !== '') throw notHere(`phases[${index}][${name}]`);
    }
    const startDate = phase.start_date === 'now' ? now : (phase.start_date ?? from);
    if (startDate !== from) {
      throw refuse(
        `The phase must start when the one before it ends (${from}).`,
        `phases[${index}][start_date]`,
      );
    }
    const items = readItems(world, phase.items).map((item) => ({ ...item, metadata: item.metadata ?? {} }));
    const end = phaseEndDate(phase, startDate, now, index, world, items);
    if (end <= startDate)
      throw refuse('The end of a phase must lie after its start.', `phases[${index}][end_date]`);
    phases.push({
      start_date: startDate,
      end_date: end,
      items,
      proration_behavior: phase.proration_behavior ?? (fallback as string) ?? 'create_prorations',
      metadata: mergeMetadata({}, phase.metadata),
    });
    from = end;
  }
  if (phases.length === 0) throw refuse('Missing required param: phases.', 'phases', 'parameter_missing');
  return phases;
}

function phaseEndDate(
  phase: PhaseParam,
  start: number,
  now: number,
  index: number,
  world: World,
  items: { price: string }[],
): number {
  if (phase.end_date !== undefined) return phase.end_date === 'now' ? now : phase.end_date;
  const [first] = items;
  // A phase without an end or a duration lasts one period.
  const every = phase.duration ?? (first && priceOf(world, first).recurring);
  if (!every) throw refuse('A phase needs items.', `phases[${index}][items]`);
  return addIntervals(start, { interval: every.interval, interval_count: every.interval_count ?? 1 }, 1);
}

function update({ world, params, id }: Call): Json {
  const schedule = world.need('schedules', id, 'subscription schedule');
  refuseWhenOver(schedule);
  const now = world.now(schedule.customer);
  const start = schedule.phases[0]?.start_date ?? now;
  const phases = params.phases
    ? readPhases(world, params.phases, start, now, params.proration_behavior)
    : schedule.phases;
  const current = phases.findIndex((phase) => phase.start_date <= now && now < phase.end_date);
  if (schedule.status === 'active' && current < 0) {
    throw refuse('The phases must include the present one.', 'phases');
  }
  change(world, 'schedules', id, 'subscription_schedule.updated', (record) => {
    record.phases = phases;
    record.end_behavior = readEndBehavior(params.end_behavior) ?? record.end_behavior;
    record.metadata = mergeMetadata(record.metadata, params.metadata);
    if (record.status === 'active') record.phase = current;
  });
  const phase = phases[current];
  if (phase && schedule.subscription) enterPhase(world, schedule.subscription, phase);
  return renderOne(world, 'schedules', id);
}

function refuseWhenOver(schedule: Readonly<ScheduleRecord>): void {
  if (schedule.status === 'active' || schedule.status === 'not_started') return;
  throw refuse(`The subscription schedule is ${schedule.status} and can no longer be changed.`);
}

function release({ world, id }: Call): Json {
  refuseWhenOver(world.need('schedules', id, 'subscription schedule'));
  releaseSchedule(world, id);
  return renderOne(world, 'schedules', id);
}

/** Cancels a schedule and its subscription at once. */
function cancel({ world, id }: Call): Json {
  const schedule = world.need('schedules', id, 'subscription schedule');
  refuseWhenOver(schedule);
  if (schedule.subscription) cancelNow(world, schedule.subscription, 'cancellation_requested');
  else {
    change(world, 'schedules', id, 'subscription_schedule.canceled', (record) => {
      record.status = 'canceled';
      record.canceled_at = world.now(record.customer);
    });
  }
  return renderOne(world, 'schedules', id);
}

export const scheduleRoutes = [
  route('POST', '/v1/subscription_schedules', 'SubscriptionScheduleCreateParams', create),
  listRoute('/v1/subscription_schedules', 'SubscriptionScheduleListParams', 'schedules', (schedule, params) =>
    matches(params.customer, schedule.customer),
  ),
  retrieveRoute('/v1/subscription_schedules/:id', 'schedules'),
  route('POST', '/v1/subscription_schedules/:id', 'SubscriptionScheduleUpdateParams', update),
  route('POST', '/v1/subscription_schedules/:id/release', 'SubscriptionScheduleReleaseParams', release),
  route('POST', '/v1/subscription_schedules/:id/cancel', 'SubscriptionScheduleCancelParams', cancel),
];
