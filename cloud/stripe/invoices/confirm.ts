import { renderOne } from '../render/objects';
import type { Json } from '../schema/fill';
import type { PaymentIntentRecord } from '../store/billing-records';
import { behaviourOf, needsOwner } from '../store/cards';
import { declined, missingParam, refuse } from '../store/failure';
import type { World } from '../store/world';
import { change } from '../webhooks/events';
import { type Call, route } from '../wire/route';
import { methodFor, payInvoice } from './payments';

/** Returns the id of the payment's invoice. Throws a refusal for a one-off payment, which its checkout page confirms. */
function invoiceOf(intent: Readonly<PaymentIntentRecord>): string {
  if (intent.invoice) return intent.invoice;
  throw refuse('You cannot confirm this PaymentIntent because Checkout confirms it.');
}

/** Returns the id of the payment method that a confirmation uses, or null. Throws a refusal for another customer's method. */
function methodOf(world: World, intent: Readonly<PaymentIntentRecord>, sent?: unknown): string | null {
  if (typeof sent === 'string') {
    if (world.store.read('paymentMethods', sent)?.customer === intent.customer) return sent;
    throw missingParam('PaymentMethod', sent, 'payment_method');
  }
  return intent.payment_method ?? methodFor(world, world.need('invoices', invoiceOf(intent), 'invoice'));
}

/** Tries a payment while the customer is present. With `return_url` the bank's challenge is a page that leads back there. */
function confirm({ world, params, id }: Call): Json {
  const intent = world.need('paymentIntents', id, 'payment_intent');
  if (intent.status !== 'requires_action' && intent.status !== 'requires_payment_method') {
    throw refuse(
      `You cannot confirm this PaymentIntent because it has a status of ${intent.status}.`,
      undefined,
      'payment_intent_unexpected_state',
    );
  }
  const method = methodOf(world, intent, params.payment_method);
  if (!method) throw refuse('You cannot confirm this PaymentIntent because it has no payment method.');
  const asks =
    behaviourOf(world.need('paymentMethods', method, 'PaymentMethod').number)?.challenge === 'always';
  if (asks) {
    change(world, 'paymentIntents', id, 'payment_intent.requires_action', (record) => {
      record.status = 'requires_action';
      record.payment_method = method;
      record.error = null;
      if (params.return_url) record.return_url = String(params.return_url);
    });
  } else {
    const outcome = payInvoice(world, invoiceOf(intent), { method, manual: true, confirmed: true });
    if (!outcome.paid)
      throw declined(outcome.failure.code, outcome.failure.message, outcome.failure.decline_code);
  }
  return renderOne(world, 'paymentIntents', id);
}

/** Applies the customer's answer to the bank's challenge. Returns the URL that the bank's page leads to. */
export function answerBank(world: World, id: string, confirmed: boolean): string {
  const intent = world.need('paymentIntents', id, 'payment_intent');
  if (intent.status === 'requires_action' && intent.payment_method) {
    const method = intent.payment_method;
    if (confirmed) payInvoice(world, invoiceOf(intent), { method, manual: true, confirmed });
    else {
      change(world, 'paymentIntents', id, 'payment_intent.payment_failed', (record) => {
        record.status = 'requires_payment_method';
        record.payment_method = null;
        record.error = { ...needsOwner, code: 'payment_intent_authentication_failure', decline_code: null };
      });
    }
  }
  const after = world.need('paymentIntents', id, 'payment_intent');
  const to = new URL(intent.return_url ?? `${world.baseUrl}/`);
  to.searchParams.set('payment_intent', id);
  to.searchParams.set('redirect_status', after.status === 'succeeded' ? 'succeeded' : 'failed');
  return String(to);
}

export const confirmRoutes = [
  route('POST', '/v1/payment_intents/:id/confirm', 'PaymentIntentConfirmParams', confirm),
];
