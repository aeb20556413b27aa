import type { InvoiceRecord } from './billing-records';

export function subtotalOf(invoice: Readonly<InvoiceRecord>): number {
  return invoice.lines.reduce((sum, line) => sum + line.amount, 0);
}

/** What the customer has to pay after their credit; never below 0. A negative balance is credit. */
export function amountDue(invoice: Readonly<InvoiceRecord>): number {
  return Math.max(0, subtotalOf(invoice) + Math.min(0, invoice.starting_balance));
}

/** The credit that is left once the invoice has used what it could, or has added its own. */
export function balanceAfter(invoice: Readonly<InvoiceRecord>): number {
  return Math.min(0, subtotalOf(invoice) + Math.min(0, invoice.starting_balance));
}
