import { fill, type Json } from '../schema/fill';
import type { InvoiceRecord, LineRecord } from '../store/billing-records';
import { amountDue, discountOf, subtotalOf, totalOf } from '../store/invoice-sums';
import type { World } from '../store/world';
import { page } from './subscription';
import { taxFields } from './tax';

export function renderInvoice(world: World, invoice: Readonly<InvoiceRecord>): Json {
  const customer = world.store.read('customers', invoice.customer);
  const subtotal = subtotalOf(invoice);
  const due = amountDue(invoice);
  const lines = invoice.lines.map((line) => renderLine(world, invoice, line));
  return fill('invoice', {
    ...fieldsAsStored(invoice),
    account_country: 'US',
    account_name: 'Test payments',
    amount_due: due,
    amount_overpaid: 0,
    amount_remaining: due - invoice.amount_paid,
    amount_shipping: 0,
    collection_method: 'charge_automatically',
    customer_email: customer?.email ?? null,
    customer_name: customer?.name ?? null,
    customer_phone: customer?.phone ?? null,
    customer_tax_exempt: 'none',
    customer_address: customer?.address ?? null,
    effective_at: invoice.finalized_at,
    issuer: { type: 'self' },
    lines: page(`/v1/invoices/${invoice.id}/lines`, lines),
    parent: renderParent(invoice),
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    status_transitions: transitionsOf(invoice),
    subtotal,
    subtotal_excluding_tax: subtotal,
    test_clock: customer?.test_clock ?? null,
    discounts: invoice.discount ? [invoice.discount] : [],
    total: totalOf(invoice),
    total_discount_amounts: invoice.discount
      ? [{ amount: discountOf(invoice), discount: invoice.discount }]
      : [],
    total_pretax_credit_amounts: [],
    ...taxFields(world, invoice),
    webhooks_delivered_at: invoice.finalized_at,
    ...(invoice.finalized_at === null
      ? {}
      : {
          hosted_invoice_url: `${world.baseUrl}/i/${invoice.id}`,
          invoice_pdf: `${world.baseUrl}/i/${invoice.id}/pdf`,
        }),
  });
}

function transitionsOf({
  finalized_at,
  marked_uncollectible_at,
  paid_at,
  voided_at,
}: Readonly<InvoiceRecord>) {
  return { finalized_at, marked_uncollectible_at, paid_at, voided_at };
}

function fieldsAsStored(invoice: Readonly<InvoiceRecord>): Json {
  const { subscription, subscription_metadata, proration_date, payment, discount, tax, ...rest } = invoice;
  const { finalized_at, paid_at, voided_at, marked_uncollectible_at, ...fields } = rest;
  return fields;
}

function renderParent(invoice: Readonly<InvoiceRecord>): Json | null {
  if (!invoice.subscription) return null;
  return {
    type: 'subscription_details',
    quote_details: null,
    subscription_details: {
      metadata: invoice.subscription_metadata,
      subscription: invoice.subscription,
      ...(invoice.proration_date === null ? {} : { subscription_proration_date: invoice.proration_date }),
    },
  };
}

function renderLine(world: World, invoice: Readonly<InvoiceRecord>, line: LineRecord): Json {
  const price = world.store.read('prices', line.price);
  return fill('line_item', {
    id: line.id,
    amount: line.amount,
    currency: invoice.currency,
    description: line.description,
    discount_amounts: invoice.discount ? [{ amount: line.discounted ?? 0, discount: invoice.discount }] : [],
    discountable: !line.proration,
    invoice: invoice.id,
    parent:
      line.subscription_item === ''
        ? null
        : {
            type: 'subscription_item_details',
            invoice_item_details: null,
            subscription_item_details: {
              invoice_item: null,
              proration: line.proration,
              proration_details: { credited_items: null },
              subscription: invoice.subscription,
              subscription_item: line.subscription_item,
            },
          },
    period: line.period,
    pretax_credit_amounts: [],
    pricing: {
      type: 'price_details',
      price_details: { price: line.price, product: price?.product ?? '' },
      unit_amount_decimal: String(line.quantity ? Math.round(line.amount / line.quantity) : line.amount),
    },
    quantity: line.quantity,
    quantity_decimal: String(line.quantity),
    subscription: invoice.subscription,
    subtotal: line.amount,
    taxes: [],
  });
}
