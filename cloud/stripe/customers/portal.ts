import { renderOne } from '../render/objects';
import type { Json } from '../schema/fill';
import { mergeMetadata } from '../store/assign';
import { missingParam, notHere, refuse } from '../store/failure';
import { newStripeId } from '../store/ids';
import type { PortalConfigurationRecord } from '../store/records';
import type { World } from '../store/world';
import { emitFor } from '../webhooks/events';
import { type Call, listRoute, matches, retrieveRoute, route } from '../wire/route';
import { needCustomer } from './customers';

const CANCEL_REASONS = ['too_expensive', 'missing_features', 'switched_service', 'unused', 'other'];

const FEATURES: Record<string, Json> = {
  customer_update: { allowed_updates: [], enabled: false },
  invoice_history: { enabled: false },
  payment_method_update: { enabled: false, payment_method_configuration: null },
  subscription_cancel: {
    cancellation_reason: { enabled: false, feedback_options: null, options: CANCEL_REASONS },
    enabled: false,
    mode: 'at_period_end',
    proration_behavior: 'none',
  },
  subscription_pause: { duration: { interval_options: [], type: 'indefinite' }, enabled: false },
  subscription_update: {
    billing_cycle_anchor: null,
    default_allowed_updates: [],
    enabled: false,
    products: null,
    proration_behavior: 'none',
    schedule_at_period_end: { conditions: [] },
    trial_update_behavior: 'end_trial',
  },
};

/** Returns the old features with the sent values merged in, one level deep into each feature's objects. */
function mergeFeatures(old: Json, sent: unknown): Json {
  const merged: Json = { ...old };
  for (const [name, values] of Object.entries((sent ?? {}) as Record<string, Json>)) {
    const feature: Json = { ...(merged[name] as Json) };
    for (const [key, value] of Object.entries(values)) {
      const before = feature[key];
      if (value === '') feature[key] = Array.isArray(before) ? [] : null;
      else if (isPlain(before) && isPlain(value)) feature[key] = { ...before, ...value };
      else feature[key] = key === 'products' ? (value as Json[]).map(fullProduct) : value;
    }
    merged[name] = feature;
  }
  return merged;
}

function fullProduct(product: Json): Json {
  return { adjustable_quantity: { enabled: false, maximum: null, minimum: 1 }, ...product };
}

const isPlain = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Stores a configuration and returns its id. The first configuration is the default. */
function createConfiguration(world: World, params: Json): string {
  const now = world.now();
  const record: PortalConfigurationRecord = {
    id: newStripeId('bpc'),
    active: true,
    is_default: world.store.all('portalConfigurations').length === 0,
    name: (params.name as string) || null,
    business_profile: profile({}, params.business_profile),
    default_return_url: (params.default_return_url as string) || null,
    features: mergeFeatures(structuredClone(FEATURES), params.features),
    metadata: mergeMetadata({}, params.metadata),
    created: now,
    updated: now,
  };
  world.store.put('portalConfigurations', record);
  emitFor(world, 'billing_portal.configuration.created', 'portalConfigurations', record.id);
  return record.id;
}

function profile(old: Json, sent: unknown): Json {
  const empty = { headline: null, privacy_policy_url: null, terms_of_service_url: null };
  return { ...empty, ...old, ...((sent ?? {}) as Json) };
}

function updateConfiguration({ world, params, id }: Call): Json {
  world.need('portalConfigurations', id, 'configuration');
  const record = world.store.edit('portalConfigurations', id);
  if (params.active === false && record.is_default) {
    throw refuse('The default portal configuration cannot be deactivated.', 'active');
  }
  if (params.active !== undefined) record.active = params.active === true;
  if (params.name !== undefined) record.name = (params.name as string) || null;
  if (params.default_return_url !== undefined)
    record.default_return_url = (params.default_return_url as string) || null;
  record.business_profile = profile(record.business_profile, params.business_profile);
  record.features = mergeFeatures(record.features, params.features);
  record.metadata = mergeMetadata(record.metadata, params.metadata);
  record.updated = world.now();
  emitFor(world, 'billing_portal.configuration.updated', 'portalConfigurations', id);
  return renderOne(world, 'portalConfigurations', id);
}

function createSession({ world, params }: Call): Json {
  const customer = needCustomer(world, params.customer);
  const configuration = configurationFor(world, params.configuration);
  if (params.return_url && !/^https?:\/\/[^/]/.test(String(params.return_url))) {
    throw refuse('Not a valid URL', 'return_url', 'url_invalid');
  }
  const session = world.store.put('portalSessions', {
    id: newStripeId('bps'),
    customer: customer.id,
    configuration: configuration.id,
    return_url: (params.return_url as string) || configuration.default_return_url,
    locale: (params.locale as string) || null,
    flow: params.flow_data ? readFlow(world, customer.id, configuration, params.flow_data as Json) : null,
    created: world.now(customer.id),
  });
  emitFor(world, 'billing_portal.session.created', 'portalSessions', session.id);
  return renderOne(world, 'portalSessions', session.id);
}

function configurationFor(world: World, id: unknown): Readonly<PortalConfigurationRecord> {
  const all = world.store.all('portalConfigurations');
  const found = id ? all.find((record) => record.id === id) : all.find((record) => record.is_default);
  if (id && !found) throw missingParam('configuration', String(id), 'configuration');
  if (!found) throw refuse('No portal configuration exists yet: create one first.', 'configuration');
  if (!found.active) throw refuse('The portal configuration is not active.', 'configuration');
  return found;
}

const FEATURE_OF_FLOW: Record<string, string> = {
  customer_update: 'customer_update',
  payment_method_update: 'payment_method_update',
  subscription_cancel: 'subscription_cancel',
  subscription_update: 'subscription_update',
  subscription_update_confirm: 'subscription_update',
};

/** Returns the flow with all its keys; the types not chosen are null. Throws a refusal for a flow that is not possible. */
function readFlow(
  world: World,
  customer: string,
  configuration: Readonly<PortalConfigurationRecord>,
  data: Json,
): Json {
  const type = String(data.type);
  const feature = FEATURE_OF_FLOW[type];
  if (!feature) throw notHere(`flow_data[type]=${type}`);
  const settings = configuration.features[feature] as Json;
  if (settings.enabled !== true) {
    throw refuse(`The feature ${feature} is disabled in the portal configuration.`, 'flow_data[type]');
  }
  const detail = data[type] as Json | undefined;
  if (type.startsWith('subscription_')) checkSubscription(world, customer, type, detail);
  if (type === 'subscription_update_confirm') checkConfirm(world, settings, detail ?? {});
  const after = (data.after_completion ?? { type: 'portal_homepage' }) as Json;
  return {
    after_completion: { hosted_confirmation: null, redirect: null, ...after },
    customer_update: null,
    subscription_cancel: null,
    subscription_pause: null,
    subscription_update: null,
    subscription_update_confirm: null,
    type,
    ...(detail && type.startsWith('subscription_') ? { [type]: fullDetail(type, detail) } : {}),
  };
}

function fullDetail(type: string, detail: Json): Json {
  if (type === 'subscription_cancel') return { retention: null, ...detail };
  if (type !== 'subscription_update_confirm') return detail;
  const items = (detail.items as Json[]).map((item) => ({ price: null, ...item }));
  return { discounts: null, ...detail, items };
}

function checkSubscription(world: World, customer: string, type: string, detail: Json | undefined): void {
  const id = String(detail?.subscription ?? '');
  const subscription = world.store.read('subscriptions', id);
  const at = `flow_data[${type}][subscription]`;
  if (!subscription || subscription.customer !== customer) throw missingParam('subscription', id, at);
  if (subscription.ended_at !== null) throw refuse('The subscription has ended.', at);
  if (
    type === 'subscription_cancel' &&
    (subscription.cancel_at_period_end || subscription.cancel_at !== null)
  ) {
    throw refuse('The subscription is already set to be canceled at period end.', at);
  }
}

function checkConfirm(world: World, settings: Json, detail: Json): void {
  const subscription = world.need('subscriptions', String(detail.subscription), 'subscription');
  const products = (settings.products ?? []) as { prices: string[] }[];
  for (const item of (detail.items ?? []) as { id?: string; price?: string; quantity?: number }[]) {
    const held = subscription.items.find((part) => part.id === item.id);
    const at = 'flow_data[subscription_update_confirm][items]';
    if (!held) throw missingParam('subscription item', String(item.id), at);
    if (item.price === held.price && (item.quantity ?? held.quantity) === held.quantity) {
      throw refuse('The subscription update would leave it as it is: there are no changes to confirm.', at);
    }
    if (item.price && !products.some((product) => product.prices.includes(item.price ?? ''))) {
      throw refuse(`The price ${item.price} is not in the portal configuration's products.`, at);
    }
  }
}

export const portalRoutes = [
  route('POST', '/v1/billing_portal/sessions', 'BillingPortal.SessionCreateParams', createSession),
  route('POST', '/v1/billing_portal/configurations', 'BillingPortal.ConfigurationCreateParams', (call) =>
    renderOne(call.world, 'portalConfigurations', createConfiguration(call.world, call.params)),
  ),
  listRoute(
    '/v1/billing_portal/configurations',
    'BillingPortal.ConfigurationListParams',
    'portalConfigurations',
    (record, params) =>
      matches(params.active, record.active) && matches(params.is_default, record.is_default),
  ),
  retrieveRoute('/v1/billing_portal/configurations/:id', 'portalConfigurations'),
  route(
    'POST',
    '/v1/billing_portal/configurations/:id',
    'BillingPortal.ConfigurationUpdateParams',
    updateConfiguration,
  ),
];
