import { renderOne, renderRecord } from '../render/objects';
import type { Json } from '../schema/fill';
import type { CardInput } from '../store/billing-records';
import { behaviourOf, NAMED_CARDS } from '../store/cards';
import { declined, missing, refuse } from '../store/failure';
import { newStripeId } from '../store/ids';
import type { World } from '../store/world';
import { change, emitFor } from '../webhooks/events';
import { listPage } from '../wire/lists';
import { type Call, listRoute, matches, retrieveRoute, route } from '../wire/route';
import { needCustomer } from './customers';

/** Saves a card for a customer without checking that a charge would succeed. Returns the payment method's id. */
export function attachCard(world: World, customer: string, { business, ...card }: CardInput): string {
  const method = world.store.put('paymentMethods', {
    id: newStripeId('pm'),
    customer,
    ...card,
    metadata: {},
    created: world.now(customer),
  });
  emitFor(world, 'payment_method.attached', 'paymentMethods', method.id);
  return method.id;
}

/** Attaches a payment method. A name such as `pm_card_visa` creates a new payment method with that card. */
function attach({ world, params, id }: Call): Json {
  const customer = needCustomer(world, params.customer);
  const number = NAMED_CARDS[id.replace(/^pm_card_/, '')];
  if (!world.store.read('paymentMethods', id)) {
    if (!number) throw missing('PaymentMethod', id);
    refuseDecliningCard(number);
    const exp_year = new Date(world.now(customer.id) * 1000).getUTCFullYear() + 4;
    const saved = attachCard(world, customer.id, {
      number,
      exp_month: 12,
      exp_year,
      name: null,
      email: null,
    });
    return renderOne(world, 'paymentMethods', saved);
  }
  const method = world.need('paymentMethods', id, 'PaymentMethod');
  if (method.customer && method.customer !== customer.id) {
    throw refuse('The payment method is attached to another customer: detach it first.', 'customer');
  }
  refuseDecliningCard(method.number);
  change(world, 'paymentMethods', id, null, (record) => {
    record.customer = customer.id;
  });
  emitFor(world, 'payment_method.attached', 'paymentMethods', id);
  return renderOne(world, 'paymentMethods', id);
}

function refuseDecliningCard(number: string): void {
  const failure = behaviourOf(number)?.declines;
  if (failure) throw declined(failure.code, failure.message, failure.decline_code);
}

function detach({ world, id }: Call): Json {
  const method = world.need('paymentMethods', id, 'PaymentMethod');
  if (!method.customer) throw refuse('The payment method is not attached to a customer.');
  const customer = world.store.read('customers', method.customer);
  if (customer?.default_payment_method === id) {
    change(world, 'customers', customer.id, 'customer.updated', (record) => {
      record.default_payment_method = null;
    });
  }
  for (const subscription of world.store.all('subscriptions')) {
    if (subscription.default_payment_method !== id) continue;
    change(world, 'subscriptions', subscription.id, 'customer.subscription.updated', (record) => {
      record.default_payment_method = null;
    });
  }
  change(world, 'paymentMethods', id, 'payment_method.detached', (record) => {
    record.customer = null;
  });
  return renderOne(world, 'paymentMethods', id);
}

function listOfCustomer({ world, params, id, path }: Call): Json {
  world.need('customers', id, 'customer');
  const methods = world.store.all('paymentMethods').filter((method) => method.customer === id);
  const wanted = matches(params.type, 'card') ? methods : [];
  return listPage(wanted, params, path, (method) => renderRecord(world, 'paymentMethods', method));
}

export const paymentMethodRoutes = [
  listRoute(
    '/v1/payment_methods',
    'PaymentMethodListParams',
    'paymentMethods',
    (method, params) => matches(params.customer, method.customer) && matches(params.type, 'card'),
  ),
  route('GET', '/v1/customers/:id/payment_methods', 'CustomerListPaymentMethodsParams', listOfCustomer),
  retrieveRoute('/v1/payment_methods/:id', 'paymentMethods'),
  route('POST', '/v1/payment_methods/:id/attach', 'PaymentMethodAttachParams', attach),
  route('POST', '/v1/payment_methods/:id/detach', 'PaymentMethodDetachParams', detach),
];
