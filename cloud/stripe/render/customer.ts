import { fill, type Json } from '../schema/fill';
import { behaviourOf, fingerprintOf, isDebit } from '../store/cards';
import type { CustomerRecord, PaymentMethodRecord } from '../store/records';
import type { World } from '../store/world';

export function renderCustomer(world: World, customer: Readonly<CustomerRecord>): Json {
  if (customer.deleted) return { id: customer.id, object: 'customer', deleted: true };
  const { default_payment_method, ...rest } = customer;
  const owes = world.store
    .all('invoices')
    .some((invoice) => invoice.customer === customer.id && invoice.status === 'open' && invoice.attempted);
  return fill('customer', {
    ...rest,
    delinquent: owes,
    discount: null,
    invoice_settings: { custom_fields: null, default_payment_method, footer: null, rendering_options: null },
  });
}

export function renderPaymentMethod(method: Readonly<PaymentMethodRecord>): Json {
  const { number, exp_month, exp_year, name, email, ...rest } = method;
  if (isDebit(number)) {
    return fill('payment_method', {
      ...rest,
      type: 'sepa_debit',
      allow_redisplay: 'always',
      billing_details: billingDetails(method),
      sepa_debit: { ...debitFacts(method), generated_from: { charge: null, setup_attempt: null } },
    });
  }
  return fill('payment_method', {
    ...rest,
    type: 'card',
    allow_redisplay: 'always',
    billing_details: billingDetails(method),
    card: {
      ...cardFacts(method),
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      display_brand: behaviourOf(number)?.brand ?? 'visa',
      generated_from: null,
      networks: { available: [behaviourOf(number)?.brand ?? 'visa'], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
  });
}

export const debitFacts = ({ number }: Readonly<PaymentMethodRecord>): Json => ({
  bank_code: number.slice(4, 9),
  branch_code: '',
  country: number.slice(0, 2),
  fingerprint: fingerprintOf(number),
  last4: number.slice(-4),
});

/** Returns the card fields that a charge and a saved card share. */
export function cardFacts(method: Readonly<PaymentMethodRecord>): Json {
  const behaviour = behaviourOf(method.number);
  return {
    brand: behaviour?.brand ?? 'visa',
    country: behaviour?.country ?? 'US',
    exp_month: method.exp_month,
    exp_year: method.exp_year,
    fingerprint: fingerprintOf(method.number),
    funding: behaviour?.funding ?? 'credit',
    last4: method.number.slice(-4),
  };
}

export function billingDetails(method: Readonly<PaymentMethodRecord>): Json {
  return { address: null, email: method.email, name: method.name, phone: null, tax_id: null };
}
