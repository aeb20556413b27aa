import { refuse } from './failure';
import type { PriceRecord } from './records';

/** Returns the price in minor units of a currency. Throws a refusal for a price without that currency. */
export function priceAmount(price: Readonly<PriceRecord>, currency: string): number {
  if (currency === price.currency) return price.unit_amount;
  const amount = price.currency_options[currency];
  if (amount === undefined) {
    throw refuse(`The price ${price.id} is not available in ${currency}.`, 'currency');
  }
  return amount;
}
