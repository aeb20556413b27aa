import type Stripe from 'stripe';
import type { Prices } from '../../quota/plans';

/** Returns the amounts of a price in minor units, by currency; null without a fixed amount. Pure. */
export function amountsOf(price: Stripe.Price): Prices | null {
  if (price.unit_amount === null) return null;
  const amounts: Prices = { [price.currency]: price.unit_amount };
  for (const [currency, option] of Object.entries(price.currency_options ?? {})) {
    if (typeof option.unit_amount === 'number') amounts[currency] = option.unit_amount;
  }
  return amounts;
}
