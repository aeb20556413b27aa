import { renderOne } from '../render/objects';
import { renderInvoicePayment } from '../render/payment';
import type { Json } from '../schema/fill';
import type { InvoiceRecord } from '../store/billing-records';
import { Failure, missingParam, refuse } from '../store/failure';
import type { World } from '../store/world';
import { change } from '../webhooks/events';
import { listPage } from '../wire/lists';
import { type Call, listRoute, matches, retrieveRoute, route } from '../wire/route';
import { finalizeInvoice, voidInvoice } from './invoice-make';
import { payInvoice } from './payments';
import { isProcessing } from './processing';

function isListed(invoice: Readonly<InvoiceRecord>, params: Json): boolean {
  return (
    matches(params.customer, invoice.customer) &&
    matches(params.subscription, invoice.subscription) &&
    matches(params.status, invoice.status)
  );
}

/** Pays an invoice. A declined card returns a 402 instead of throwing, so that the attempt stays on record. */
function pay({ world, params, id }: Call): Json | Failure {
  const invoice = world.need('invoices', id, 'invoice');
  if (invoice.status === 'paid') throw refuse('Invoice is already paid', undefined, 'invoice_already_paid');
  if (!['open', 'draft', 'uncollectible'].includes(invoice.status)) {
    throw refuse(
      `An invoice with the status ${invoice.status} cannot be paid.`,
      undefined,
      'invoice_not_open',
    );
  }
  const method = params.payment_method as string | undefined;
  if (method && world.store.read('paymentMethods', method)?.customer !== invoice.customer) {
    throw missingParam('PaymentMethod', method, 'payment_method');
  }
  if (invoice.status === 'draft') finalizeInvoice(world, id);
  if (params.paid_out_of_band === true)
    throw refuse('The local Stripe does not support paid_out_of_band.', 'paid_out_of_band');
  const outcome = payInvoice(world, id, { method, manual: true });
  if (outcome.paid) return renderOne(world, 'invoices', id);
  const { code, message, decline_code } = outcome.failure;
  return new Failure(402, {
    type: code === 'resource_missing' ? 'invalid_request_error' : 'card_error',
    code: outcome.needsOwner ? 'invoice_payment_intent_requires_action' : code,
    message,
    ...(decline_code ? { decline_code } : {}),
  });
}

function voidOne({ world, id }: Call): Json {
  const invoice = world.need('invoices', id, 'invoice');
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') {
    throw refuse(
      `Only an open or uncollectible invoice can be voided, this one is ${invoice.status}.`,
      undefined,
      'invoice_not_open',
    );
  }
  if (isProcessing(world, invoice)) {
    throw refuse('An invoice whose payment is processing cannot be voided.', undefined, 'invoice_not_open');
  }
  voidInvoice(world, id);
  return renderOne(world, 'invoices', id);
}

/** Writes an invoice off: automatic collection stops, but the invoice's page still takes a payment. */
function markUncollectible({ world, id }: Call): Json {
  if (world.need('invoices', id, 'invoice').status !== 'open') {
    throw refuse('Only an open invoice can be marked uncollectible.', undefined, 'invoice_not_open');
  }
  change(world, 'invoices', id, 'invoice.marked_uncollectible', (invoice) => {
    invoice.status = 'uncollectible';
    invoice.marked_uncollectible_at = world.now(invoice.customer);
    invoice.auto_advance = false;
    invoice.next_payment_attempt = null;
  });
  return renderOne(world, 'invoices', id);
}

function finalizeOne({ world, id }: Call): Json {
  if (world.need('invoices', id, 'invoice').status !== 'draft') {
    throw refuse('This invoice is already finalized.', undefined, 'invoice_not_editable');
  }
  finalizeInvoice(world, id);
  return renderOne(world, 'invoices', id);
}

function listPayments({ world, params, path }: Call): Json {
  const payment = params.payment as { payment_intent?: string } | undefined;
  const paid = world.store.all('invoices').filter((invoice) => {
    const fits = matches(params.invoice, invoice.id) && matches(params.status, invoice.payment?.status);
    return invoice.payment && fits && matches(payment?.payment_intent, invoice.payment.payment_intent);
  });
  const entries = paid.map((invoice) => ({
    id: invoice.payment?.id ?? '',
    created: invoice.payment?.created,
    invoice,
  }));
  return listPage(entries, params, path, ({ invoice }) => renderInvoicePayment(invoice));
}

const byCustomer = (record: { customer: string }, params: Json, _world: World) =>
  matches(params.customer, record.customer);

export const invoiceRoutes = [
  listRoute('/v1/invoices', 'InvoiceListParams', 'invoices', isListed),
  retrieveRoute('/v1/invoices/:id', 'invoices'),
  route('POST', '/v1/invoices/:id/pay', 'InvoicePayParams', pay),
  route('POST', '/v1/invoices/:id/void', 'InvoiceVoidInvoiceParams', voidOne),
  route('POST', '/v1/invoices/:id/mark_uncollectible', null, markUncollectible),
  route('POST', '/v1/invoices/:id/finalize', null, finalizeOne),
  route('GET', '/v1/invoice_payments', 'InvoicePaymentListParams', listPayments),
  listRoute('/v1/payment_intents', 'PaymentIntentListParams', 'paymentIntents', byCustomer),
  retrieveRoute('/v1/payment_intents/:id', 'paymentIntents'),
  listRoute(
    '/v1/charges',
    'ChargeListParams',
    'charges',
    (charge, params, world) =>
      byCustomer(charge, params, world) && matches(params.payment_intent, charge.payment_intent),
  ),
  retrieveRoute('/v1/charges/:id', 'charges'),
];
