import { fill, type Json } from '../schema/fill';
import type { ItemRecord, PhaseRecord, ScheduleRecord, SubscriptionRecord } from '../store/billing-records';
import type { World } from '../store/world';
import { renderPlan, renderPrice } from './catalogue';

const BILLING_MODE = { type: 'flexible', flexible: { proration_discounts: 'included' } };
const SELF = { type: 'self' };

export function renderSubscription(world: World, record: Readonly<SubscriptionRecord>): Json {
  const { items, period_start, period_end, pending_lines, noticed, ...kept } = record;
  const { pending_update, trial_settings, automatic_tax, discount, ...rest } = kept;
  const { created, id } = record;
  return fill('subscription', {
    ...rest,
    automatic_tax: taxOf(automatic_tax ?? false),
    billing_mode: { ...BILLING_MODE, updated_at: created },
    cancellation_details: { feedback_option: null, ...rest.cancellation_details },
    collection_method: 'charge_automatically',
    default_tax_rates: [],
    discounts: discount ? [discount] : [],
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: SELF,
    },
    items: page(
      `/v1/subscription_items?subscription=${id}`,
      items.map((item) => renderItem(world, record, item)),
    ),
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: 'off',
    },
    pending_update: pending_update && {
      billing_cycle_anchor: null,
      cancel_at_period_end: null,
      discount: null,
      discounts: null,
      expires_at: pending_update.expires_at,
      metadata: null,
      subscription_items: pending_update.items.map((item) => renderItem(world, record, item)),
      trial_end: null,
      trial_from_plan: null,
    },
    start_date: created,
    test_clock: world.store.read('customers', record.customer)?.test_clock ?? null,
    trial_settings: {
      end_behavior: {
        billing_cycle_anchor: trial_settings.billing_cycle_anchor,
        missing_payment_method: trial_settings.missing_payment_method,
      },
    },
  });
}

const taxOf = (enabled: boolean): Json => ({
  disabled_reason: null,
  enabled,
  liability: enabled ? SELF : null,
});

function renderItem(world: World, subscription: Readonly<SubscriptionRecord>, item: ItemRecord): Json {
  const price = world.store.read('prices', item.price);
  if (!price) throw new Error(`Item ${item.id} has no price.`);
  return fill('subscription_item', {
    ...item,
    current_period_start: subscription.period_start,
    current_period_end: subscription.period_end,
    plan: renderPlan(price),
    price: renderPrice(price),
    subscription: subscription.id,
    tax_rates: [],
  });
}

export function renderSchedule(world: World, record: Readonly<ScheduleRecord>): Json {
  const { phase, currency, phases, ...rest } = record;
  const current = record.status === 'active' && phase !== null ? phases[phase] : undefined;
  return fill('subscription_schedule', {
    ...rest,
    billing_mode: { ...BILLING_MODE, updated_at: record.created },
    current_phase: current ? { start_date: current.start_date, end_date: current.end_date } : null,
    default_settings: {
      application_fee_percent: null,
      automatic_tax: { disabled_reason: null, enabled: false, liability: null },
      billing_cycle_anchor: 'automatic',
      billing_thresholds: null,
      collection_method: 'charge_automatically',
      default_payment_method: null,
      description: null,
      invoice_settings: {
        account_tax_ids: null,
        custom_fields: null,
        days_until_due: null,
        description: null,
        footer: null,
        issuer: SELF,
      },
      on_behalf_of: null,
      transfer_data: null,
    },
    pause_schedules: [],
    phases: phases.map((part) => renderPhase(part, currency)),
    test_clock: world.store.read('customers', record.customer)?.test_clock ?? null,
  });
}

function renderPhase(phase: PhaseRecord, currency: string): Json {
  return {
    add_invoice_items: [],
    application_fee_percent: null,
    billing_cycle_anchor: null,
    billing_thresholds: null,
    collection_method: null,
    currency,
    default_payment_method: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    end_date: phase.end_date,
    invoice_settings: null,
    items: phase.items.map((item) => ({
      billing_thresholds: null,
      discounts: [],
      metadata: item.metadata,
      plan: item.price,
      price: item.price,
      quantity: item.quantity,
      tax_rates: [],
    })),
    metadata: phase.metadata,
    on_behalf_of: null,
    proration_behavior: phase.proration_behavior,
    start_date: phase.start_date,
    transfer_data: null,
    trial_end: null,
  };
}

/** Returns a complete list, as embedded in its parent object. */
export function page(url: string, data: Json[]): Json {
  return { object: 'list', url, has_more: false, data };
}
