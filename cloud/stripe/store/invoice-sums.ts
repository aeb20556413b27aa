import type { InvoiceRecord } from './billing-records';

/** Less than this is not charged but carried over to the next invoice; minor units by currency. */
const LEAST_CHARGE: Record<string, number> = { usd: 50, eur: 50, chf: 50, gbp: 30, jpy: 50 };

export const leastCharge = (currency: string): number => LEAST_CHARGE[currency] ?? 50;

export function subtotalOf(invoice: Readonly<InvoiceRecord>): number {
  return invoice.lines.reduce((sum, line) => sum + line.amount, 0);
}

/** What the discount takes off. */
export function discountOf(invoice: Readonly<InvoiceRecord>): number {
  return invoice.lines.reduce((sum, line) => sum + (line.discounted ?? 0), 0);
}

/** After the discount; the tax is in it. */
export const totalOf = (invoice: Readonly<InvoiceRecord>): number =>
  subtotalOf(invoice) - discountOf(invoice);

/** The part of the total that is tax. */
export function taxAmount(invoice: Readonly<InvoiceRecord>): number {
  const percentage = invoice.tax?.percentage ?? 0;
  return Math.round((totalOf(invoice) * percentage) / (100 + percentage));
}

/** The total with the customer's balance: below 0 it is credit, above 0 it is owed. */
const owedOf = (invoice: Readonly<InvoiceRecord>): number => totalOf(invoice) + invoice.starting_balance;

/** What the customer has to pay now: nothing where less is owed than can be charged. */
export function amountDue(invoice: Readonly<InvoiceRecord>): number {
  const owed = owedOf(invoice);
  return owed < leastCharge(invoice.currency) ? 0 : owed;
}

/** The customer's balance after the invoice: credit that is left, or what was too little to be charged. */
export function balanceAfter(invoice: Readonly<InvoiceRecord>): number {
  return amountDue(invoice) > 0 ? 0 : owedOf(invoice);
}
