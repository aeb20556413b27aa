import type { Price } from '@/server/shapes';

/** `$19 / month` from minor units, in the way of the visitor's language; a plan without a price has a word instead. */
export function formatPrice(price: Price | null): string {
  if (!price) return '';
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: price.currency.toUpperCase() });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  const text = format.format(price.amount / 10 ** digits).replace(/\.00$/, '');
  return `${text} / month`;
}
