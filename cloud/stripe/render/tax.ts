import { fill, type Json } from '../schema/fill';
import type { InvoiceRecord } from '../store/billing-records';
import { taxAmount, totalOf } from '../store/invoice-sums';
import type { TaxIdRecord } from '../store/records';
import type { World } from '../store/world';

export function renderTaxId(taxId: Readonly<TaxIdRecord>): Json {
  const { customer } = taxId;
  return fill('tax_id', {
    ...taxId,
    owner: { type: 'customer', customer, customer_account: null },
    verification: { status: 'unavailable', verified_address: null, verified_name: null },
  });
}

/** Returns a customer's tax ids as invoices and sessions show them. */
export const taxIdsOf = (world: World, customer: string): Json[] =>
  world.store
    .all('taxIds')
    .filter((taxId) => taxId.customer === customer)
    .map(({ type, value }) => ({ type, value }));

/** Returns the tax fields of an invoice. */
export function taxFields(world: World, invoice: Readonly<InvoiceRecord>): Json {
  const { tax } = invoice;
  const total = totalOf(invoice);
  const amount = taxAmount(invoice);
  return {
    automatic_tax: {
      disabled_reason: null,
      enabled: Boolean(tax),
      liability: tax ? { type: 'self' } : null,
      provider: tax ? 'stripe' : null,
      status: tax ? 'complete' : null,
    },
    customer_tax_ids: taxIdsOf(world, invoice.customer),
    total_excluding_tax: total - amount,
    total_taxes: tax
      ? [
          {
            amount,
            tax_behavior: 'inclusive',
            tax_rate_details: null,
            taxability_reason: tax.reason,
            taxable_amount: total - amount,
            type: 'tax_rate_details',
          },
        ]
      : [],
  };
}
