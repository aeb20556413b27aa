import { needCustomer } from '../customers/customers';
import { priceOf } from '../invoices/proration';
import { renderSessionItems } from '../render/checkout';
import { renderOne } from '../render/objects';
import type { Json } from '../schema/fill';
import { mergeMetadata } from '../store/assign';
import type { SessionRecord } from '../store/billing-records';
import { notHere, refuse } from '../store/failure';
import { newStripeId } from '../store/ids';
import { cycleAt, nextAnchor } from '../store/period';
import { priceAmount } from '../store/price-amount';
import type { World } from '../store/world';
import { exclusive, readItems, readSubscriptionData } from '../subscriptions/subscriptions';
import { listPage } from '../wire/lists';
import { type Call, listRoute, matches, retrieveRoute, route } from '../wire/route';
import { expireSession } from './checkout-end';
import { oneOffTotal, readOneOffItems } from './one-off';
import { dueToday } from './promotion';

const DAY_SECONDS = 86_400;
const MIN_LIFE_SECONDS = 1800;
/** Parameters that are returned as sent and have no other effect. */
const ECHOED = [
  'adaptive_pricing',
  'allow_promotion_codes',
  'allowed_payment_method_types',
  'billing_address_collection',
  'custom_text',
  'saved_payment_method_options',
];
const NOT_HERE = [
  'optional_items',
  'custom_fields',
  'shipping_address_collection',
  'shipping_options',
  'phone_number_collection',
  'setup_intent_data',
];

function create({ world, params }: Call): Json {
  refuseBadMix(world, params);
  const customer = params.customer ? needCustomer(world, params.customer).id : null;
  const now = world.now(customer);
  const mode = params.mode as SessionRecord['mode'];
  const items = itemsOf(world, mode, params.line_items);
  const currency = currencyOf(world, params, items);
  const data = (params.subscription_data ?? {}) as Json;
  const session: SessionRecord = {
    id: newStripeId('cs_test'),
    mode,
    status: 'open',
    payment_status: mode === 'setup' ? 'no_payment_required' : 'unpaid',
    customer,
    customer_email: (params.customer_email as string) || null,
    client_reference_id: (params.client_reference_id as string) || null,
    currency,
    line_items: items.map((item) => ({ id: newStripeId('li'), price: item.price, quantity: item.quantity })),
    success_url: String(params.success_url),
    cancel_url: (params.cancel_url as string) || null,
    expires_at: readExpiry(params.expires_at, now),
    created: now,
    metadata: mergeMetadata({}, params.metadata),
    locale: (params.locale as string) || null,
    subscription_data: data,
    automatic_tax: isOn(params.automatic_tax),
    collects_tax_id: isOn(params.tax_id_collection),
    invoice_creation: mode === 'payment' && isOn(params.invoice_creation),
    promotion_code: null,
    ...(mode === 'payment' ? { payment_data: (params.payment_intent_data ?? {}) as Json } : {}),
    echoed: Object.fromEntries(
      ECHOED.filter((name) => params[name] !== undefined).map((name) => [name, echo(name, params[name])]),
    ),
    subscription: null,
    invoice: null,
    setup_intent: null,
    payment_method: null,
    amount_total: null,
    challenge: null,
    begun: null,
    last_error: null,
  };
  if (mode === 'subscription') session.amount_total = dueToday(world, session);
  if (mode === 'payment') session.amount_total = oneOffTotal(world, session);
  world.store.put('checkoutSessions', session);
  return renderOne(world, 'checkoutSessions', session.id);
}

const isOn = (part: unknown): boolean => (part as { enabled?: boolean } | undefined)?.enabled === true;

/** Throws a refusal for automatic tax on a price that does not include tax (unsupported) or does not state whether it does. */
function refuseUntaxed(world: World, params: Json): void {
  if (!isOn(params.automatic_tax)) return;
  for (const item of (params.line_items ?? []) as { price?: string }[]) {
    const behavior = item.price && world.store.read('prices', item.price)?.tax_behavior;
    if (behavior === 'exclusive') throw notHere('tax_behavior=exclusive');
    if (behavior === 'unspecified')
      throw refuse(
        `The price ${item.price} has no tax_behavior. Set it to inclusive or exclusive to use automatic tax.`,
        'line_items',
      );
  }
}

function itemsOf(world: World, mode: SessionRecord['mode'], sent: unknown) {
  if (mode === 'setup') return [];
  return mode === 'payment' ? readOneOffItems(world, sent) : readLineItems(world, sent);
}

const NO_TEXT: Json = {
  after_submit: null,
  shipping_address: null,
  submit: null,
  terms_of_service_acceptance: null,
};

function echo(name: string, value: unknown): unknown {
  if (name === 'custom_text') return { ...NO_TEXT, ...(value as Json) };
  if (name !== 'saved_payment_method_options') return value;
  const defaults = {
    allow_redisplay_filters: ['always'],
    payment_method_remove: 'disabled',
    payment_method_save: null,
  };
  return { ...defaults, ...(value as Json) };
}

function refuseBadMix(world: World, params: Json): void {
  if (params.payment_intent_data !== undefined && params.mode !== 'payment')
    throw refuse('You can only specify `payment_intent_data` in `payment` mode.', 'payment_intent_data');
  if (params.ui_mode !== undefined && params.ui_mode !== 'hosted_page')
    throw notHere(`ui_mode=${params.ui_mode}`);
  for (const name of NOT_HERE) if (params[name] !== undefined) throw notHere(name);
  if (!params.mode) throw refuse('Missing required param: mode.', 'mode', 'parameter_missing');
  if (!params.success_url)
    throw refuse('Missing required param: success_url.', 'success_url', 'parameter_missing');
  for (const name of ['success_url', 'cancel_url']) {
    const url = params[name];
    if (url !== undefined && !/^https?:\/\/[^/]/.test(String(url)))
      throw refuse('Not a valid URL', name, 'url_invalid');
  }
  if (params.customer && params.customer_email) throw exclusive('customer', 'customer_email');
  if (params.discounts !== undefined && params.allow_promotion_codes !== undefined) {
    throw exclusive('allow_promotion_codes', 'discounts');
  }
  if (params.discounts !== undefined) throw notHere('discounts');
  if (params.allow_promotion_codes === true && params.mode !== 'subscription')
    throw notHere(`allow_promotion_codes with mode=${params.mode}`);
  const asks = [params.automatic_tax, params.tax_id_collection] as ({ enabled?: boolean } | undefined)[];
  if (params.customer && asks.some((part) => part?.enabled) && !params.customer_update) {
    throw refuse(
      'Set customer_update so that the address entered at checkout can be saved for the tax.',
      'customer_update',
    );
  }
  refuseUntaxed(world, params);
  const data = params.subscription_data as Json | undefined;
  const trial = ['trial_end', 'trial_period_days'].find((name) => data?.[name] !== undefined);
  const anchor = ['billing_cycle_anchor', 'billing_cycle_anchor_config'].find(
    (name) => data?.[name] !== undefined,
  );
  if (trial && anchor) throw exclusive(anchor, trial);
  if (data) readSubscriptionData(data, world.now());
}

function readLineItems(world: World, sent: unknown) {
  const items = (sent ?? []) as Json[];
  if (items.length === 0)
    throw refuse('Missing required param: line_items.', 'line_items', 'parameter_missing');
  for (const item of items) if (item.price_data) throw notHere('line_items[price_data]');
  const read = readItems(world, items);
  read.forEach((item, index) => {
    if (!priceOf(world, item).active)
      throw refuse(`The price specified is inactive: ${item.price}`, `line_items[${index}][price]`);
    if (items[index]?.quantity === undefined) {
      throw refuse('Quantity is required.', `line_items[${index}][quantity]`, 'parameter_missing');
    }
  });
  return read;
}

function currencyOf(world: World, params: Json, items: { price: string }[]): string | null {
  const [first] = items;
  const sent = typeof params.currency === 'string' ? params.currency.toLowerCase() : null;
  if (!first) return sent;
  const currency = sent ?? priceOf(world, first).currency;
  for (const item of items) priceAmount(priceOf(world, item), currency);
  return currency;
}

function readExpiry(sent: unknown, now: number): number {
  if (sent === undefined) return now + DAY_SECONDS;
  const at = Number(sent);
  // Allows five seconds for time that passed while the request was under way.
  if (at < now + MIN_LIFE_SECONDS - 5 || at > now + DAY_SECONDS + 5) {
    throw refuse('The expires_at timestamp must be between 30 minutes and 24 hours from now.', 'expires_at');
  }
  return at;
}

/** Returns the amount due today in minor units when the session opens. A later payment may cost a few cents less. */
export function costToday(world: World, session: SessionRecord, data: Json, now: number): number {
  const dates = readSubscriptionData(data, now);
  const currency = session.currency ?? 'usd';
  if (dates.trial_end !== null) return 0;
  const total = session.line_items.reduce((sum, item) => {
    const price = priceOf(world, item);
    const amount = priceAmount(price, currency) * item.quantity;
    const anchor = dates.billing_cycle_anchor_config
      ? nextAnchor(dates.billing_cycle_anchor_config, now)
      : (dates.billing_cycle_anchor ?? now);
    if (anchor <= now || !price.recurring) return sum + amount;
    if (dates.proration_behavior === 'none') return sum;
    const cycle = cycleAt(anchor, price.recurring, anchor - 1);
    return sum + Math.round((amount * (anchor - now)) / (cycle.end - cycle.start));
  }, 0);
  return total;
}

function expire({ world, id }: Call): Json {
  const session = world.need('checkoutSessions', id, 'checkout.session');
  if (session.status !== 'open') {
    throw refuse(
      `Only Checkout Sessions with a status in ["open"] can be expired. This one is ${session.status}.`,
    );
  }
  expireSession(world, id);
  return renderOne(world, 'checkoutSessions', id);
}

function isListed(session: Readonly<SessionRecord>, params: Json): boolean {
  const { email } = (params.customer_details ?? {}) as { email?: string };
  return (
    matches(params.customer, session.customer) &&
    matches(params.status, session.status) &&
    matches(params.subscription, session.subscription) &&
    matches(params.payment_intent, session.payment_intent ?? null) &&
    matches(email, session.customer_email)
  );
}

export const checkoutRoutes = [
  route('POST', '/v1/checkout/sessions', 'Checkout.SessionCreateParams', create),
  listRoute('/v1/checkout/sessions', 'Checkout.SessionListParams', 'checkoutSessions', isListed),
  retrieveRoute('/v1/checkout/sessions/:id', 'checkoutSessions'),
  route('POST', '/v1/checkout/sessions/:id/expire', 'Checkout.SessionExpireParams', expire),
  route('GET', '/v1/checkout/sessions/:id/line_items', 'Checkout.SessionListLineItemsParams', (call) => {
    const session = call.world.need('checkoutSessions', call.id, 'checkout.session');
    const items = renderSessionItems(call.world, session).reverse() as { id: string }[];
    return listPage(items, call.params, call.path, (item) => item);
  }),
];
