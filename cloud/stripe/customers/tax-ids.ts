import { renderOne, renderRecord } from '../render/objects';
import type { Json } from '../schema/fill';
import { refuse } from '../store/failure';
import { newStripeId } from '../store/ids';
import type { World } from '../store/world';
import { emitFor } from '../webhooks/events';
import { listPage } from '../wire/lists';
import { type Call, route } from '../wire/route';
import { needCustomer } from './customers';

/** Text patterns of the supported types. Real Stripe asks for a type that fits the country of the address. */
const TYPES: [type: string, pattern: RegExp][] = [
  ['eu_vat', /^(AT|DE|FR|IT|NL)[0-9A-Z]{8,12}$/],
  ['ch_vat', /^CHE-?\d{3}\.?\d{3}\.?\d{3}( ?(MWST|TVA|IVA))?$/],
  ['gb_vat', /^GB\d{9}$/],
  ['us_ein', /^\d{2}-?\d{7}$/],
];

/** Returns the type of a typed tax id, or null for a text that is not a tax id. */
export const taxIdType = (value: string): string | null =>
  TYPES.find(([, pattern]) => pattern.test(value))?.[0] ?? null;

/** Adds a tax id to a customer, unless the customer already has it. Returns its id. Throws a refusal for an invalid tax id. */
export function addTaxId(world: World, customer: string, value: string, type = taxIdType(value)): string {
  if (type === null || taxIdType(value) !== type) {
    throw refuse(`Invalid value for ${type ?? 'this tax id'}.`, 'value', 'tax_id_invalid');
  }
  const held = world.store.all('taxIds').find((one) => one.customer === customer && one.value === value);
  if (held) return held.id;
  const { id } = world.store.put('taxIds', {
    id: newStripeId('txi'),
    customer,
    type,
    value,
    country: /^[A-Z]{2}/.exec(value)?.[0] ?? null,
    created: world.now(customer),
  });
  emitFor(world, 'customer.tax_id.created', 'taxIds', id);
  return id;
}

function create({ world, params, id }: Call): Json {
  needCustomer(world, id);
  return renderOne(world, 'taxIds', addTaxId(world, id, String(params.value), String(params.type)));
}

function listOf({ world, params, id, path }: Call): Json {
  needCustomer(world, id);
  const held = world.store.all('taxIds').filter((taxId) => taxId.customer === id);
  return listPage(held, params, path, (taxId) => renderRecord(world, 'taxIds', taxId));
}

export const taxIdRoutes = [
  route('POST', '/v1/customers/:id/tax_ids', 'CustomerCreateTaxIdParams', create),
  route('GET', '/v1/customers/:id/tax_ids', 'CustomerListTaxIdsParams', listOf),
];
