import type { InvoiceRecord } from './billing-records';

/** Minimum charge in minor units, by currency. A smaller amount is carried over to the next invoice. */
const LEAST_CHARGE: Record<string, number> = { usd: 50, eur: 50, chf: 50, gbp: 30, jpy: 50 };

export const leastCharge = (currency: string): number => LEAST_CHARGE[currency] ?? 50;

export function subtotalOf(invoice: Readonly<InvoiceRecord>): number {
  return invoice.lines.reduce((sum, line) => sum + line.amount, 0);
}

/** Returns the invoice's discount in minor units. */
export function discountOf(invoice: Readonly<InvoiceRecord>): number {
  return invoice.lines.reduce((sum, line) => sum + (line.discounted ?? 0), 0);
}

/** Returns the total after the discount in minor units, tax included. */
export const totalOf = (invoice: Readonly<InvoiceRecord>): number =>
  subtotalOf(invoice) - discountOf(invoice);

/** Returns the tax contained in the total, in minor units. */
export function taxAmount(invoice: Readonly<InvoiceRecord>): number {
  const percentage = invoice.tax?.percentage ?? 0;
  return Math.round((totalOf(invoice) * percentage) / (100 + percentage));
}

/** Returns the total plus the customer's balance in minor units: negative = credit, positive = owed. */
const owedOf = (invoice: Readonly<InvoiceRecord>): number => totalOf(invoice) + invoice.starting_balance;

/** Returns the amount to pay now in minor units; 0 below the minimum charge. */
export function amountDue(invoice: Readonly<InvoiceRecord>): number {
  const owed = owedOf(invoice);
  return owed < leastCharge(invoice.currency) ? 0 : owed;
}

/** Returns the customer's balance after the invoice: the remaining credit, or an amount below the minimum charge. */
export function balanceAfter(invoice: Readonly<InvoiceRecord>): number {
  return amountDue(invoice) > 0 ? 0 : owedOf(invoice);
}
