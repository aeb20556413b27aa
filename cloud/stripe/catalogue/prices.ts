import { renderOne } from '../render/objects';
import type { Json } from '../schema/fill';
import { assign, mergeMetadata } from '../store/assign';
import { missingParam, notHere, refuse } from '../store/failure';
import { newStripeId } from '../store/ids';
import type { PriceRecord } from '../store/records';
import type { World } from '../store/world';
import { change, emitFor } from '../webhooks/events';
import { type Call, listRoute, matches, retrieveRoute, route } from '../wire/route';

/** Stores a price and returns its id. Throws a refusal for a product or lookup key that does not allow it. */
export function createPrice(world: World, params: Json): string {
  for (const name of ['billing_scheme', 'tiers', 'tiers_mode', 'custom_unit_amount', 'transform_quantity']) {
    if (params[name] !== undefined && params[name] !== 'per_unit') throw notHere(name);
  }
  const product = params.product_data ? productFor(world, params.product_data as Json) : params.product;
  if (typeof product !== 'string')
    throw refuse('Missing required param: product.', 'product', 'parameter_missing');
  if (!world.store.read('products', product)) throw missingParam('product', product, 'product');
  const amount = amountOf(params);
  const recurring = params.recurring as
    | { interval: 'month'; interval_count?: number; usage_type?: string }
    | undefined;
  if (recurring?.usage_type === 'metered') throw notHere('recurring[usage_type]=metered');
  const id = newStripeId('price');
  const lookupKey = (params.lookup_key as string) || null;
  if (lookupKey) claimLookupKey(world, lookupKey, params.transfer_lookup_key === true);
  const price: PriceRecord = {
    id,
    product,
    active: params.active !== false,
    currency: String(params.currency).toLowerCase(),
    unit_amount: amount,
    currency_options: readCurrencyOptions(params.currency_options),
    recurring: recurring
      ? { interval: recurring.interval, interval_count: recurring.interval_count ?? 1 }
      : null,
    lookup_key: lookupKey,
    nickname: (params.nickname as string) || null,
    metadata: mergeMetadata({}, params.metadata),
    tax_behavior: (params.tax_behavior as string) ?? 'unspecified',
    created: world.now(),
  };
  world.store.put('prices', price);
  emitFor(world, 'price.created', 'prices', id);
  return id;
}

function amountOf(params: Json): number {
  const amount = params.unit_amount ?? params.unit_amount_decimal;
  if (amount === undefined)
    throw refuse('Missing required param: unit_amount.', 'unit_amount', 'parameter_missing');
  if (!Number.isInteger(Number(amount)) || Number(amount) < 0) {
    throw refuse(`Invalid integer: ${amount}`, 'unit_amount', 'parameter_invalid_integer');
  }
  return Number(amount);
}

function productFor(world: World, data: Json): string {
  const now = world.now();
  const product = world.store.put('products', {
    id: newStripeId('prod'),
    name: String(data.name),
    active: true,
    description: null,
    metadata: mergeMetadata({}, data.metadata),
    created: now,
    updated: now,
    default_price: null,
    images: [],
    marketing_features: [],
    url: null,
  });
  emitFor(world, 'product.created', 'products', product.id);
  return product.id;
}

function readCurrencyOptions(sent: unknown): Record<string, number> {
  const entries = Object.entries(
    (sent ?? {}) as Record<string, { unit_amount?: number; unit_amount_decimal?: string }>,
  );
  return Object.fromEntries(
    entries.map(([currency, option]) => [
      currency.toLowerCase(),
      Number(option.unit_amount ?? option.unit_amount_decimal ?? 0),
    ]),
  );
}

function claimLookupKey(world: World, key: string, transfer: boolean, self?: string): void {
  const holder = world.store.all('prices').find((price) => price.lookup_key === key && price.id !== self);
  if (!holder) return;
  if (!transfer) {
    const message = `A price (${holder.id}) already uses the lookup key ${key}. Send transfer_lookup_key=true to move it.`;
    throw refuse(message, 'lookup_key', 'resource_already_exists');
  }
  change(world, 'prices', holder.id, 'price.updated', (price) => {
    price.lookup_key = null;
  });
}

function update({ world, params, id }: Call): Json {
  world.need('prices', id, 'price');
  if (typeof params.lookup_key === 'string' && params.lookup_key) {
    claimLookupKey(world, params.lookup_key, params.transfer_lookup_key === true, id);
  }
  change(world, 'prices', id, 'price.updated', (price) => {
    assign(price, params, ['active', 'lookup_key', 'nickname', 'tax_behavior']);
    price.metadata = mergeMetadata(price.metadata, params.metadata);
    if (params.currency_options === '') price.currency_options = {};
    else if (params.currency_options) {
      Object.assign(price.currency_options, readCurrencyOptions(params.currency_options));
    }
  });
  return renderOne(world, 'prices', id);
}

function isListed(price: Readonly<PriceRecord>, params: Json): boolean {
  const keys = params.lookup_keys as string[] | undefined;
  const recurring = params.recurring as { interval?: string } | undefined;
  return (
    matches(params.active, price.active) &&
    matches(params.product, price.product) &&
    matches(params.currency, price.currency) &&
    matches(params.type, price.recurring ? 'recurring' : 'one_time') &&
    (!keys || keys.includes(price.lookup_key ?? '')) &&
    matches(recurring?.interval, price.recurring?.interval)
  );
}

export const priceRoutes = [
  route('POST', '/v1/prices', 'PriceCreateParams', ({ world, params }) =>
    renderOne(world, 'prices', createPrice(world, params)),
  ),
  listRoute('/v1/prices', 'PriceListParams', 'prices', isListed),
  retrieveRoute('/v1/prices/:id', 'prices'),
  route('POST', '/v1/prices/:id', 'PriceUpdateParams', update),
];
