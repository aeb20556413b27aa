import { needCustomer } from '../customers/customers';
import { collectInvoice } from '../invoices/payments';
import { cancelNow } from '../invoices/subscription-cancel';
import { renderOne } from '../render/objects';
import type { Json } from '../schema/fill';
import { mergeMetadata } from '../store/assign';
import type { AnchorConfig, SubscriptionRecord } from '../store/billing-records';
import { type Failure, missing, missingParam, notHere, refuse } from '../store/failure';
import type { World } from '../store/world';
import { emitFor } from '../webhooks/events';
import { type Call, listRoute, matches, retrieveRoute, route } from '../wire/route';
import { createSubscription, type NewSubscription } from './subscription-create';
import { pause, renew } from './subscription-renew';
import { readTrialSettings, updateSubscription } from './subscription-update';

const DAY_SECONDS = 86_400;
const NO_TRIAL_SETTINGS = { billing_cycle_anchor: 'now' as const, missing_payment_method: 'create_invoice' };

/** Returns the dates, metadata and description of a new subscription. Throws a refusal for parameters that exclude each other. */
export function readSubscriptionData(data: Json, now: number) {
  const trialDays = data.trial_period_days as number | undefined;
  if (data.trial_end !== undefined && trialDays !== undefined) {
    throw exclusive('trial_end', 'trial_period_days');
  }
  if (data.billing_cycle_anchor !== undefined && data.billing_cycle_anchor_config !== undefined) {
    throw exclusive('billing_cycle_anchor', 'billing_cycle_anchor_config');
  }
  const wished = data.trial_end === 'now' ? null : ((data.trial_end as number | undefined) ?? null);
  const config = data.billing_cycle_anchor_config as Partial<AnchorConfig> | undefined;
  return {
    trial_end: trialDays ? now + trialDays * DAY_SECONDS : wished,
    billing_cycle_anchor: (data.billing_cycle_anchor as number | undefined) ?? null,
    billing_cycle_anchor_config: config ? { ...NO_ANCHOR, ...config } : null,
    proration_behavior: (data.proration_behavior as string) ?? 'create_prorations',
    trial_settings: readTrialSettings(data.trial_settings, NO_TRIAL_SETTINGS),
    metadata: mergeMetadata({}, data.metadata),
    description: (data.description as string) || null,
  };
}

const NO_ANCHOR: AnchorConfig = { day_of_month: 1, hour: null, minute: null, second: null, month: null };

/** Returns the refusal of two parameters that exclude each other. */
export function exclusive(first: string, second: string) {
  return refuse(
    `You may only specify one of these parameters: ${first}, ${second}.`,
    first,
    'parameters_exclusive',
  );
}

function create({ world, params }: Call): Json {
  const customer = needCustomer(world, params.customer);
  for (const name of ['discounts', 'add_invoice_items', 'transfer_data', 'on_behalf_of', 'trial_from_plan']) {
    if (params[name] !== undefined) throw notHere(name);
  }
  if ((params.automatic_tax as { enabled?: boolean } | undefined)?.enabled) throw notHere('tax');
  if (params.collection_method === 'send_invoice') throw notHere('collection_method=send_invoice');
  const method = (params.default_payment_method as string) || null;
  if (method && world.store.read('paymentMethods', method)?.customer !== customer.id) {
    throw missingParam('PaymentMethod', method, 'default_payment_method');
  }
  const input: NewSubscription = {
    ...readSubscriptionData(params, world.now(customer.id)),
    customer: customer.id,
    items: readItems(world, params.items),
    currency: params.currency as string | undefined,
    payment_behavior: (params.payment_behavior as string) ?? 'allow_incomplete',
    default_payment_method: method,
    cancel_at_period_end: params.cancel_at_period_end === true,
    cancel_at: typeof params.cancel_at === 'number' ? params.cancel_at : null,
  };
  return renderOne(world, 'subscriptions', createSubscription(world, input));
}

/** Returns the items of a new subscription. Throws a refusal for an unknown price. */
export function readItems(world: World, sent: unknown): NewSubscription['items'] {
  const items = (sent ?? []) as { price?: string; quantity?: number; metadata?: Json }[];
  return items.map((item, index) => {
    if (!item.price)
      throw refuse(
        `Missing required param: items[${index}][price].`,
        `items[${index}][price]`,
        'parameter_missing',
      );
    const price = world.store.read('prices', item.price);
    if (!price) throw missingParam('price', item.price, `items[${index}][price]`);
    if (!price.recurring) throw refuse(`The price ${price.id} is not recurring.`, `items[${index}][price]`);
    return { price: item.price, quantity: item.quantity ?? 1, metadata: mergeMetadata({}, item.metadata) };
  });
}

function cancel({ world, params, id }: Call): Json {
  if (world.need('subscriptions', id, 'subscription').ended_at !== null) throw missing('subscription', id);
  cancelNow(world, id, 'cancellation_requested', {
    prorate: params.prorate === true,
    invoiceNow: params.invoice_now === true,
    details: params.cancellation_details as { comment?: string; feedback?: string } | undefined,
  });
  return renderOne(world, 'subscriptions', id);
}

function pauseNow({ world, id }: Call): Json {
  const subscription = world.need('subscriptions', id, 'subscription');
  if (subscription.schedule) throw refuse('A subscription that a schedule manages cannot be paused.');
  if (!['active', 'past_due', 'trialing'].includes(subscription.status)) {
    throw refuse(`A subscription with the status ${subscription.status} cannot be paused.`);
  }
  pause(world, id);
  return renderOne(world, 'subscriptions', id);
}

/** Starts a new period now and charges it at once. */
function resume({ world, id }: Call): Json {
  const subscription = world.need('subscriptions', id, 'subscription');
  if (subscription.status !== 'paused') throw refuse('Only a paused subscription can be resumed.');
  const now = world.now(subscription.customer);
  world.store.edit('subscriptions', id).billing_cycle_anchor = now;
  const invoice = renew(world, id, now);
  emitFor(world, 'customer.subscription.resumed', 'subscriptions', id);
  collectInvoice(world, invoice);
  return renderOne(world, 'subscriptions', id);
}

function isListed(subscription: Readonly<SubscriptionRecord>, params: Json): boolean {
  const ended = subscription.ended_at !== null;
  const { status } = params;
  const fits =
    status === 'all' || (status === 'ended' ? ended : status ? subscription.status === status : !ended);
  const prices = subscription.items.map((item) => item.price);
  return (
    fits &&
    matches(params.customer, subscription.customer) &&
    (params.price === undefined || prices.includes(String(params.price)))
  );
}

const list = listRoute('/v1/subscriptions', 'SubscriptionListParams', 'subscriptions', isListed);

/** Lists subscriptions. An unknown or deleted customer is refused; a deleted customer's subscriptions are found only by id. */
function listKnown(call: Call): Json | Failure {
  const { customer } = call.params;
  if (customer !== undefined) needCustomer(call.world, customer);
  return list.run(call);
}

export const subscriptionRoutes = [
  route('POST', '/v1/subscriptions', 'SubscriptionCreateParams', create),
  { ...list, run: listKnown },
  retrieveRoute('/v1/subscriptions/:id', 'subscriptions'),
  route('POST', '/v1/subscriptions/:id', 'SubscriptionUpdateParams', ({ world, params, id }) => {
    updateSubscription(world, id, params);
    return renderOne(world, 'subscriptions', id);
  }),
  route('DELETE', '/v1/subscriptions/:id', 'SubscriptionCancelParams', cancel),
  route('POST', '/v1/subscriptions/:id/pause', 'SubscriptionPauseParams', pauseNow),
  route('POST', '/v1/subscriptions/:id/resume', 'SubscriptionResumeParams', resume),
];
