import type { TaxRecord } from '../store/billing-records';
import type { World } from '../store/world';

/** Tax rates in percent, by country in which the local seller is registered. */
const RATES: Record<string, number> = { AT: 20, CH: 8.1, DE: 19, FR: 20, GB: 20, IT: 22, NL: 21 };
const HOME = 'DE';
const EU = new Set(['AT', 'DE', 'FR', 'IT', 'NL']);

/** Returns the tax for a customer, by country. A business of another EU country with a VAT id pays by reverse charge. */
export function taxFor(world: World, customer: string): TaxRecord {
  const address = world.store.read('customers', customer)?.address;
  const country = typeof address?.country === 'string' ? address.country : null;
  const percentage = country === null ? undefined : RATES[country];
  if (percentage === undefined) return { country, percentage: 0, reason: 'not_collecting' };
  const isBusiness = world.store
    .all('taxIds')
    .some((taxId) => taxId.customer === customer && taxId.type === 'eu_vat');
  if (isBusiness && country !== HOME && EU.has(country ?? ''))
    return { country, percentage: 0, reason: 'reverse_charge' };
  return { country, percentage, reason: 'standard_rated' };
}
