import { needCustomer } from '../customers/customers';
import { renderInvoice } from '../render/invoice';
import type { Json } from '../schema/fill';
import type { InvoiceRecord, SubscriptionRecord } from '../store/billing-records';
import { Failure, missingParam, notHere, refuse } from '../store/failure';
import { newStripeId } from '../store/ids';
import type { World } from '../store/world';
import { route } from '../wire/route';
import { advanceSchedule, phaseEnd } from './schedule-advance';
import { changeSubscription } from './subscription-change';
import { createSubscription } from './subscription-create';
import { reachPeriodEnd } from './subscription-renew';
import { readMoneyChange } from './subscription-update';
import { readItems, readSubscriptionData } from './subscriptions';

/**
 * Returns the invoice of a change, from a rehearsal of the change itself, so that it cannot differ from the charge.
 * Without a change, returns the next period's invoice. Throws 404 invoice_upcoming_none without one.
 */
function previewInvoice(world: World, params: Json): Json {
  for (const name of ['schedule', 'schedule_details', 'invoice_items', 'discounts']) {
    if (params[name] !== undefined && params[name] !== '') throw notHere(name);
  }
  const details = (params.subscription_details ?? {}) as Json;
  return world.rehearse(() => {
    const invoice = params.subscription
      ? ofSubscription(world, params, details)
      : ofNewSubscription(world, params, details);
    return renderInvoice(world, asPreview(invoice));
  });
}

function asPreview(invoice: Readonly<InvoiceRecord>): InvoiceRecord {
  const id = newStripeId('upcoming_in');
  return {
    ...invoice,
    id,
    status: 'draft',
    number: null,
    billing_reason: 'upcoming',
    automatically_finalizes_at: null,
  };
}

function ofSubscription(world: World, params: Json, details: Json): Readonly<InvoiceRecord> {
  const id = String(params.subscription);
  const subscription = world.store.read('subscriptions', id);
  if (!subscription) throw missingParam('subscription', id, 'subscription');
  if (params.customer && params.customer !== subscription.customer) {
    throw refuse('The subscription does not belong to the customer.', 'subscription');
  }
  if (subscription.ended_at !== null) throw nothingUpcoming();
  if (details.cancel_now !== undefined) throw notHere('subscription_details[cancel_now]');
  if (details.cancel_at_period_end === true) throw nothingUpcoming();
  if (['items', 'trial_end', 'billing_cycle_anchor'].some((name) => details[name] !== undefined)) {
    const change = { ...readMoneyChange(world, subscription, details), payment_behavior: 'allow_incomplete' };
    const invoice = changeSubscription(world, id, change);
    if (invoice) return world.need('invoices', invoice, 'invoice');
  }
  if (details.cancel_at_period_end === false) undoCancellation(world.store.edit('subscriptions', id));
  return nextInvoice(world, id, params.preview_mode === 'recurring');
}

function undoCancellation(record: SubscriptionRecord): void {
  record.cancel_at = null;
  record.cancel_at_period_end = false;
}

/** Rehearses the end of the period, with its schedule, and returns the draft of the renewal. */
function nextInvoice(world: World, id: string, recurring: boolean): Readonly<InvoiceRecord> {
  const record = world.store.edit('subscriptions', id);
  if (recurring) record.pending_lines = [];
  const before = record.latest_invoice;
  world.at(record.period_end, () => {
    const schedule = record.schedule;
    if (schedule && phaseEnd(world, schedule) === record.period_end) advanceSchedule(world, schedule);
    if (record.ended_at === null) reachPeriodEnd(world, id);
  });
  const latest = record.latest_invoice;
  if (!latest || latest === before) throw nothingUpcoming();
  return world.need('invoices', latest, 'invoice');
}

function nothingUpcoming(): Failure {
  const message = 'No upcoming invoices for customer.';
  return new Failure(404, { type: 'invalid_request_error', code: 'invoice_upcoming_none', message });
}

function ofNewSubscription(world: World, params: Json, details: Json): Readonly<InvoiceRecord> {
  if (!details.items)
    throw refuse('Missing required param: subscription.', 'subscription', 'parameter_missing');
  const customer = needCustomer(world, params.customer);
  const anchor = details.billing_cycle_anchor as { type?: string; timestamp?: number } | undefined;
  const data = {
    ...details,
    billing_cycle_anchor: anchor?.type === 'timestamp' ? anchor.timestamp : undefined,
  };
  const subscription = createSubscription(world, {
    ...readSubscriptionData(data, world.now(customer.id)),
    customer: customer.id,
    items: readItems(world, details.items),
    currency: params.currency as string | undefined,
    payment_behavior: 'allow_incomplete',
    default_payment_method: null,
    cancel_at_period_end: false,
    cancel_at: null,
  });
  const latest = world.need('subscriptions', subscription, 'subscription').latest_invoice;
  if (!latest) throw nothingUpcoming();
  return world.need('invoices', latest, 'invoice');
}

export const previewRoutes = [
  route('POST', '/v1/invoices/create_preview', 'InvoiceCreatePreviewParams', ({ world, params }) =>
    previewInvoice(world, params),
  ),
];
