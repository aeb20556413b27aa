import { priceAmount } from '../catalogue/price-amount';
import { fill, type Json } from '../schema/fill';
import type { SessionRecord } from '../store/billing-records';
import type { World } from '../store/world';
import { renderPrice } from './catalogue';

export function renderSession(world: World, session: Readonly<SessionRecord>): Json {
  const customer = session.customer ? world.store.read('customers', session.customer) : undefined;
  const subscribes = session.mode === 'subscription';
  return fill('checkout.session', {
    ...fieldsAsStored(session),
    amount_subtotal: session.amount_total,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer_creation: session.customer || session.mode === 'setup' ? null : 'always',
    customer_details: customer
      ? {
          address: null,
          business_name: null,
          email: customer.email,
          individual_name: null,
          name: session.status === 'complete' ? customer.name : null,
          phone: null,
          tax_exempt: 'none',
          tax_ids: null,
        }
      : null,
    payment_method_collection: subscribes ? 'always' : null,
    payment_method_types: ['card'],
    total_details:
      session.mode !== 'setup' ? { amount_discount: 0, amount_shipping: 0, amount_tax: 0 } : null,
    ui_mode: 'hosted_page',
    url: session.status === 'open' ? `${world.baseUrl}/c/pay/${session.id}` : null,
    ...session.echoed,
  });
}

function fieldsAsStored(session: Readonly<SessionRecord>): Json {
  const {
    line_items,
    subscription_data,
    payment_data,
    echoed,
    payment_method,
    challenge,
    begun,
    last_error,
    ...fields
  } = session;
  return fields;
}

export function renderSessionItems(world: World, session: Readonly<SessionRecord>): Json[] {
  return session.line_items.map((item) => {
    const price = world.need('prices', item.price, 'price');
    const currency = session.currency ?? price.currency;
    const amount = priceAmount(price, currency) * item.quantity;
    return fill('item', {
      id: item.id,
      amount_discount: 0,
      amount_subtotal: amount,
      amount_tax: 0,
      amount_total: amount,
      currency,
      description: world.store.read('products', price.product)?.name ?? null,
      price: renderPrice(price),
      quantity: item.quantity,
    });
  });
}
