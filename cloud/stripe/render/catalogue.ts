import { fill, type Json } from '../schema/fill';
import type { PriceRecord, ProductRecord } from '../store/records';

export function renderProduct(product: Readonly<ProductRecord>): Json {
  return fill('product', { type: 'service', ...product });
}

export function renderPrice(price: Readonly<PriceRecord>): Json {
  const { currency_options: _hidden, recurring, ...rest } = price;
  return fill('price', {
    ...rest,
    billing_scheme: 'per_unit',
    recurring: recurring && { ...recurring, meter: null, trial_period_days: null, usage_type: 'licensed' },
    type: recurring ? 'recurring' : 'one_time',
    unit_amount_decimal: String(price.unit_amount),
  });
}

/** Returns the amounts by currency, the price's own currency included; sent only when expanded. */
export function renderCurrencyOptions(price: Readonly<PriceRecord>): Json {
  const amounts = { [price.currency]: price.unit_amount, ...price.currency_options };
  return Object.fromEntries(
    Object.entries(amounts).map(([currency, amount]) => [
      currency,
      {
        custom_unit_amount: null,
        tax_behavior: price.tax_behavior,
        unit_amount: amount,
        unit_amount_decimal: String(amount),
      },
    ]),
  );
}

/** Renders a price as a plan, the older object that subscription items still contain. */
export function renderPlan(price: Readonly<PriceRecord>): Json {
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: String(price.unit_amount),
    billing_scheme: 'per_unit',
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? 'month',
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: false,
    metadata: price.metadata,
    meter: null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
  };
}
