import type { Money, Price } from '@/server/shapes';

/** `$19` or `$5.07` from minor units; some currencies have none. */
export function formatMoney({ amount, currency }: Money): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: currency.toUpperCase() });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits).replace(/\.00$/, '');
}

/** `$19 / month`; nothing for a plan without a price. */
export const formatPrice = (price: Price | null): string => (price ? `${formatMoney(price)} / month` : '');

/** What is left of this UTC month at a price, in minor units: the first charge, before each first brings the whole. Pure. */
export function dueToday(price: Price, now: number): Money {
  const date = new Date(now);
  const startAt = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  const endAt = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  const amount = Math.round((price.amount * (endAt - now)) / (endAt - startAt));
  return { amount, currency: price.currency };
}

/** The first of the next UTC month as `1 Dec`. Pure. */
export function nextFirst(now: number): string {
  const date = new Date(now);
  const first = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1));
  return first.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
}
