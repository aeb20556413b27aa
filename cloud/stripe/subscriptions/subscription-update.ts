import type { Json } from '../schema/fill';
import { mergeMetadata } from '../store/assign';
import type { SubscriptionRecord } from '../store/billing-records';
import { missingParam, notHere, refuse } from '../store/failure';
import type { World } from '../store/world';
import { change } from '../webhooks/events';
import { changeSubscription, type MoneyChange } from './subscription-change';
import { applyItems } from './subscription-items';

const MONEY = ['items', 'trial_end', 'billing_cycle_anchor'];
const NOT_HERE = [
  'discounts',
  'add_invoice_items',
  'transfer_data',
  'on_behalf_of',
  'trial_from_plan',
  'coupon',
];

/** Applies the parameters of POST /v1/subscriptions/:id. Returns the id of an immediate invoice, or null. */
export function updateSubscription(world: World, id: string, params: Json): string | null {
  const subscription = world.need('subscriptions', id, 'subscription');
  for (const name of NOT_HERE) if (params[name] !== undefined && params[name] !== '') throw notHere(name);
  if ((params.automatic_tax as { enabled?: boolean } | undefined)?.enabled) throw notHere('tax');
  refuseWhenEnded(subscription, params);
  if (subscription.schedule && touchesCancellation(params)) {
    const message = `The subscription is managed by the subscription schedule \`${subscription.schedule}\`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.`;
    throw refuse(message);
  }
  if (params.payment_behavior === 'pending_if_incomplete') refuseBesidesPending(params);
  changeFields(world, subscription, params);
  if (!MONEY.some((name) => params[name] !== undefined)) return null;
  return changeSubscription(world, id, readMoneyChange(world, subscription, params));
}

function touchesCancellation(params: Json): boolean {
  return ['cancel_at_period_end', 'cancel_at'].some(
    (name) => params[name] !== undefined && params[name] !== '',
  );
}

function refuseWhenEnded(subscription: Readonly<SubscriptionRecord>, params: Json): void {
  const allowed = ['metadata', 'cancellation_details', 'expand'];
  if (subscription.ended_at === null || Object.keys(params).every((name) => allowed.includes(name))) return;
  throw refuse('A canceled subscription can only update its cancellation_details and metadata.', undefined);
}

function refuseBesidesPending(params: Json): void {
  const allowed = [
    'expand',
    'payment_behavior',
    'proration_behavior',
    'proration_date',
    'items',
    'trial_end',
  ];
  allowed.push('billing_cycle_anchor', 'metadata');
  const other = Object.keys(params).find((name) => !allowed.includes(name));
  if (other) {
    throw refuse(`When payment_behavior is pending_if_incomplete, ${other} cannot be updated.`, other);
  }
}

/** Returns the price change that an update or a preview requests. */
export function readMoneyChange(
  world: World,
  subscription: Readonly<SubscriptionRecord>,
  params: Json,
): MoneyChange {
  const anchor = params.billing_cycle_anchor as { type?: string } | string | undefined;
  const type = typeof anchor === 'string' ? anchor : anchor?.type;
  return {
    items: applyItems(world, subscription, params.items),
    proration_behavior: (params.proration_behavior as string) ?? 'create_prorations',
    proration_date: (params.proration_date as number) ?? null,
    payment_behavior: (params.payment_behavior as string) ?? 'allow_incomplete',
    trial_end: (params.trial_end as 'now' | number | undefined) ?? null,
    anchor: type === 'now' || type === 'unchanged' ? type : null,
  };
}

function changeFields(world: World, subscription: Readonly<SubscriptionRecord>, params: Json): void {
  const method = params.default_payment_method as string | undefined;
  if (method && world.store.read('paymentMethods', method)?.customer !== subscription.customer) {
    throw missingParam('PaymentMethod', method, 'default_payment_method');
  }
  change(world, 'subscriptions', subscription.id, 'customer.subscription.updated', (record) => {
    record.metadata = mergeMetadata(record.metadata, params.metadata);
    if (method !== undefined) record.default_payment_method = method || null;
    if (params.description !== undefined) record.description = (params.description as string) || null;
    if (params.pause_collection !== undefined) record.pause_collection = readPause(params.pause_collection);
    if (params.trial_settings)
      record.trial_settings = readTrialSettings(params.trial_settings, record.trial_settings);
    const details = params.cancellation_details as { comment?: string; feedback?: string } | undefined;
    if (details?.comment !== undefined) record.cancellation_details.comment = details.comment || null;
    if (details?.feedback !== undefined) record.cancellation_details.feedback = details.feedback || null;
    changeCancellation(record, params, world.now(record.customer));
  });
}

function readPause(sent: unknown): SubscriptionRecord['pause_collection'] {
  if (sent === '' || sent === null) return null;
  const { behavior, resumes_at } = sent as { behavior: string; resumes_at?: number };
  return { behavior, resumes_at: resumes_at ?? null };
}

/** Returns the old trial settings with the sent ones merged in. */
export function readTrialSettings(
  sent: unknown,
  old: SubscriptionRecord['trial_settings'],
): SubscriptionRecord['trial_settings'] {
  const behaviour = (sent as { end_behavior?: Partial<SubscriptionRecord['trial_settings']> } | undefined)
    ?.end_behavior;
  return { ...old, ...behaviour };
}

function changeCancellation(record: SubscriptionRecord, params: Json, now: number): void {
  const { cancel_at_period_end: atEnd, cancel_at: at } = params;
  if (at !== undefined && at !== '' && atEnd === true) {
    throw refuse(
      'You may only specify one of these parameters: cancel_at, cancel_at_period_end.',
      'cancel_at',
      'parameters_exclusive',
    );
  }
  if (atEnd === true) schedule(record, record.period_end, true, now);
  else if (at === 'min_period_end' || at === 'max_period_end')
    schedule(record, record.period_end, false, now);
  else if (typeof at === 'number') schedule(record, at, false, now);
  // `cancel_at_period_end: false` does not remove a date that `cancel_at` set.
  else if (at === '' || (atEnd === false && record.cancel_at_period_end)) {
    record.cancel_at = null;
    record.cancel_at_period_end = false;
    record.canceled_at = null;
    record.cancellation_details.reason = null;
  }
}

function schedule(record: SubscriptionRecord, at: number, atEnd: boolean, now: number): void {
  if (at <= now) throw refuse('cancel_at must lie in the future.', 'cancel_at');
  record.cancel_at = at;
  record.cancel_at_period_end = atEnd;
  record.canceled_at ??= now;
  record.cancellation_details.reason = 'cancellation_requested';
}
