import { fill, type Json } from '../schema/fill';
import type {
  ChargeRecord,
  InvoiceRecord,
  PaymentIntentRecord,
  RefundRecord,
  SetupIntentRecord,
} from '../store/billing-records';
import { behaviourOf, isDebit } from '../store/cards';
import type { PaymentMethodRecord } from '../store/records';
import type { World } from '../store/world';
import { billingDetails, cardFacts, debitFacts, renderPaymentMethod } from './customer';

export function renderPaymentIntent(world: World, intent: Readonly<PaymentIntentRecord>): Json {
  const { invoice, charge, error, return_url, ...rest } = intent;
  const method = intent.payment_method
    ? world.store.read('paymentMethods', intent.payment_method)
    : undefined;
  const number = invoice ? world.store.read('invoices', invoice)?.number : null;
  return fill('payment_intent', {
    ...rest,
    amount_capturable: 0,
    amount_received: intent.status === 'succeeded' ? intent.amount : 0,
    capture_method: 'automatic',
    client_secret: `${intent.id}_secret_local`,
    confirmation_method: 'automatic',
    description: number ? `Payment for invoice ${number}` : null,
    last_payment_error: error && {
      type: 'card_error',
      code: error.code,
      message: error.message,
      ...(error.decline_code ? { decline_code: error.decline_code } : {}),
      ...(method ? { payment_method: renderPaymentMethod(method) } : {}),
    },
    latest_charge: charge,
    next_action: intent.status === 'requires_action' ? nextAction(world, intent.id, return_url) : null,
    payment_method_types: ['card'],
  });
}

/** Returns a redirect to the bank's page if the payment has a return URL, otherwise an action for the shop's script. */
function nextAction(world: World, id: string, return_url: string | undefined): Json {
  if (!return_url) return { type: 'use_stripe_sdk', use_stripe_sdk: {} };
  const url = `${world.baseUrl}/challenge/${id}`;
  return { type: 'redirect_to_url', redirect_to_url: { return_url, url } };
}

export function renderCharge(world: World, charge: Readonly<ChargeRecord>): Json {
  const { error, ...rest } = charge;
  const method = world.store.read('paymentMethods', charge.payment_method);
  const paid = charge.status !== 'failed';
  return fill('charge', {
    ...rest,
    amount_captured: charge.status === 'succeeded' ? charge.amount : 0,
    billing_details: method && billingDetails(method),
    captured: charge.status === 'succeeded',
    failure_code: error?.code ?? null,
    failure_message: error?.message ?? null,
    fraud_details: {},
    outcome: {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: paid ? 'approved_by_network' : 'declined_by_network',
      reason: error?.decline_code ?? null,
      seller_message: paid ? 'Payment complete.' : (error?.message ?? null),
      type: paid ? 'authorized' : 'issuer_declined',
    },
    paid,
    payment_method_details: method && chargedWith(method),
    refunded: charge.amount_refunded === charge.amount,
  });
}

const chargedWith = (method: Readonly<PaymentMethodRecord>): Json =>
  isDebit(method.number)
    ? { type: 'sepa_debit', sepa_debit: { ...debitFacts(method), mandate: null } }
    : { type: 'card', card: chargedCard(method.number, cardFacts(method)) };

function chargedCard(number: string, facts: Json): Json {
  return {
    ...facts,
    amount_authorized: null,
    authorization_code: null,
    electronic_commerce_indicator: null,
    transaction_link_id: null,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
    installments: null,
    mandate: null,
    network: behaviourOf(number)?.brand ?? 'visa',
    network_token: null,
    network_transaction_id: null,
    regulated_status: 'unregulated',
    three_d_secure: null,
    wallet: null,
  };
}

export function renderRefund(refund: Readonly<RefundRecord>): Json {
  const { customer, ...rest } = refund;
  return fill('refund', { ...rest, customer, status: 'succeeded' });
}

export function renderSetupIntent(intent: Readonly<SetupIntentRecord>): Json {
  return fill('setup_intent', {
    ...intent,
    client_secret: `${intent.id}_secret_local`,
    payment_method_types: ['card'],
    usage: 'off_session',
  });
}

/** Returns the link between an invoice and its payment. Throws for an invoice without a payment. */
export function renderInvoicePayment(invoice: Readonly<InvoiceRecord>): Json {
  const payment = invoice.payment;
  if (!payment) throw new Error(`Invoice ${invoice.id} has no payment.`);
  return fill('invoice_payment', {
    id: payment.id,
    amount_paid: payment.status === 'paid' ? payment.amount : null,
    amount_requested: payment.amount,
    created: payment.created,
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    payment: { type: 'payment_intent', payment_intent: payment.payment_intent },
    status: payment.status,
    status_transitions: { canceled_at: payment.canceled_at, paid_at: payment.paid_at },
  });
}
