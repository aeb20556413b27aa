import { fill, type Json } from '../schema/fill';
import type { SessionRecord } from '../store/billing-records';
import { discountOf, taxAmount } from '../store/invoice-sums';
import { priceAmount } from '../store/price-amount';
import type { World } from '../store/world';
import { renderPrice } from './catalogue';
import { taxIdsOf } from './tax';

export function renderSession(world: World, session: Readonly<SessionRecord>): Json {
  const customer = session.customer ? world.store.read('customers', session.customer) : undefined;
  const { automatic_tax } = session;
  const invoice = session.invoice ? world.store.read('invoices', session.invoice) : undefined;
  const discount = invoice ? discountOf(invoice) : 0;
  const subscribes = session.mode === 'subscription';
  return fill('checkout.session', {
    ...fieldsAsStored(session),
    amount_subtotal: (session.amount_total ?? 0) + discount,
    automatic_tax: {
      enabled: automatic_tax ?? false,
      liability: automatic_tax ? { type: 'self' } : null,
      provider: automatic_tax ? 'stripe' : null,
      status: automatic_tax ? (customer?.address ? 'complete' : 'requires_location_inputs') : null,
    },
    discounts: session.promotion_code ? [{ coupon: null, promotion_code: session.promotion_code }] : [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer_creation: session.customer || session.mode === 'setup' ? null : 'always',
    customer_details: customer
      ? {
          address: customer.address,
          business_name: null,
          email: customer.email,
          individual_name: null,
          name: session.status === 'complete' ? customer.name : null,
          phone: null,
          tax_exempt: 'none',
          tax_ids: session.status === 'complete' ? taxIdsOf(world, customer.id) : null,
        }
      : null,
    payment_method_collection: subscribes ? 'always' : null,
    payment_method_types: ['card'],
    total_details:
      session.mode !== 'setup'
        ? { amount_discount: discount, amount_shipping: 0, amount_tax: invoice ? taxAmount(invoice) : 0 }
        : null,
    tax_id_collection: { enabled: session.collects_tax_id ?? false, required: 'never' },
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
    automatic_tax,
    collects_tax_id,
    invoice_creation,
    promotion_code,
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
