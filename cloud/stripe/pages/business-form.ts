import { taxIdType } from '../customers/tax-ids';
import type { CardInput } from '../store/billing-records';
import type { CustomerRecord } from '../store/records';
import type { World } from '../store/world';
import { type Html, html } from './layout';

/** Returns the form fields for the company name, address and tax id on invoices. */
export function businessFields(
  world: World,
  customer: Readonly<CustomerRecord> | undefined,
  values: URLSearchParams,
): Html {
  const address = (customer?.address ?? {}) as Record<string, string | null>;
  const held = world.store.all('taxIds').find((taxId) => taxId.customer === customer?.id)?.value;
  const value = (name: string, fallback: string | null | undefined) => values.get(name) ?? fallback ?? '';
  return html`<label>Company or full name<input name="businessName" autocomplete="organization" value="${value('businessName', null)}"></label>
<label>Address<input name="addressLine1" autocomplete="address-line1" value="${value('addressLine1', address.line1)}"></label>
<div class="pair"><label>Postal code<input name="addressPostalCode" autocomplete="postal-code" value="${value('addressPostalCode', address.postal_code)}"></label>
<label>City<input name="addressCity" autocomplete="address-level2" value="${value('addressCity', address.city)}"></label></div>
<div class="pair"><label>Country (two letters)<input name="addressCountry" autocomplete="country" maxlength="2" value="${value('addressCountry', address.country)}"></label>
<label>Tax id<input name="taxId" placeholder="DE123456789" value="${value('taxId', held)}"></label></div>`;
}

/** Returns the typed business details, or an error sentence. `needsAddress` = the tax depends on the address. */
export function readBusiness(
  form: URLSearchParams,
  needsAddress: boolean,
): NonNullable<CardInput['business']> | string {
  const text = (name: string) => form.get(name)?.trim() || null;
  const country = text('addressCountry')?.toUpperCase() ?? null;
  if (needsAddress && !country) return 'Your country is incomplete.';
  if (country !== null && !/^[A-Z]{2}$/.test(country)) return 'Write the country as two letters.';
  const taxId = text('taxId')?.replace(/\s+/g, '') ?? null;
  if (taxId && !taxIdType(taxId)) return 'Your tax id is invalid.';
  const address = {
    city: text('addressCity'),
    country,
    line1: text('addressLine1'),
    line2: null,
    postal_code: text('addressPostalCode'),
    state: null,
  };
  return { name: text('businessName'), address: country ? address : null, taxId };
}
