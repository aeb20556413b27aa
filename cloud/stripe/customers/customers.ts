import { cancelNow } from '../invoices/subscription-cancel';
import { renderOne } from '../render/objects';
import type { Json } from '../schema/fill';
import { assign, mergeMetadata } from '../store/assign';
import { missing, missingParam } from '../store/failure';
import { newStripeId, randomLetters } from '../store/ids';
import type { CustomerRecord } from '../store/records';
import type { World } from '../store/world';
import { change, emit, emitFor } from '../webhooks/events';
import { type Call, listRoute, matches, retrieveRoute, route } from '../wire/route';

const FIELDS = [
  'email',
  'name',
  'phone',
  'description',
  'address',
  'preferred_locales',
  'tax_exempt',
] as const;

/** Returns the customer. Throws a refusal that names the parameter for an unknown or deleted customer. */
export function needCustomer(world: World, id: unknown, param = 'customer'): Readonly<CustomerRecord> {
  const customer = typeof id === 'string' ? world.store.read('customers', id) : undefined;
  if (!customer || customer.deleted) throw missingParam('customer', String(id), param);
  return customer;
}

export function createCustomer(world: World, params: Json): string {
  const clock = typeof params.test_clock === 'string' ? params.test_clock : null;
  const frozen = clock ? world.store.read('testClocks', clock)?.frozen_time : undefined;
  if (clock && frozen === undefined) throw missingParam('test clock', clock, 'test_clock');
  const customer: CustomerRecord = {
    id: newStripeId('cus'),
    email: null,
    name: null,
    phone: null,
    description: null,
    address: null,
    metadata: mergeMetadata({}, params.metadata),
    balance: 0,
    currency: null,
    created: frozen ?? world.now(),
    invoice_prefix: randomLetters(8).toUpperCase(),
    next_invoice_sequence: 1,
    default_payment_method: null,
    preferred_locales: [],
    tax_exempt: 'none',
    test_clock: clock,
  };
  assign(customer, params, [...FIELDS]);
  customer.address = fullAddress(customer.address);
  world.store.put('customers', customer);
  emitFor(world, 'customer.created', 'customers', customer.id);
  return customer.id;
}

function fullAddress(address: Json | null): Json | null {
  const empty = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };
  return address && { ...empty, ...address };
}

function update({ world, params, id }: Call): Json {
  if (world.need('customers', id, 'customer').deleted) throw missing('customer', id);
  const settings = params.invoice_settings as { default_payment_method?: string } | undefined;
  const method = settings?.default_payment_method;
  if (method && world.store.read('paymentMethods', method)?.customer !== id) {
    throw missingParam('PaymentMethod', method, 'invoice_settings[default_payment_method]');
  }
  change(world, 'customers', id, 'customer.updated', (customer) => {
    assign(customer, params, [...FIELDS]);
    customer.address = fullAddress(customer.address);
    customer.metadata = mergeMetadata(customer.metadata, params.metadata);
    if (method !== undefined) customer.default_payment_method = method || null;
    if (typeof params.balance === 'number') customer.balance = params.balance;
  });
  return renderOne(world, 'customers', id);
}

/** Deletes a customer and cancels the customer's subscriptions at once, like real Stripe. */
function remove({ world, id }: Call): Json {
  if (world.need('customers', id, 'customer').deleted) throw missing('customer', id);
  for (const subscription of world.store.all('subscriptions')) {
    if (subscription.customer === id && subscription.ended_at === null)
      cancelNow(world, subscription.id, null);
  }
  const before = renderOne(world, 'customers', id);
  world.store.edit('customers', id).deleted = true;
  emit(world, 'customer.deleted', before);
  return renderOne(world, 'customers', id);
}

export const customerRoutes = [
  route('POST', '/v1/customers', 'CustomerCreateParams', ({ world, params }) =>
    renderOne(world, 'customers', createCustomer(world, params)),
  ),
  listRoute(
    '/v1/customers',
    'CustomerListParams',
    'customers',
    (customer, params) =>
      !customer.deleted &&
      matches(params.email, customer.email) &&
      matches(params.test_clock, customer.test_clock),
  ),
  retrieveRoute('/v1/customers/:id', 'customers'),
  route('POST', '/v1/customers/:id', 'CustomerUpdateParams', update),
  route('DELETE', '/v1/customers/:id', null, remove),
];
