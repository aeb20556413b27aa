import { chargeNow, restAmount } from '@/server/quota/first-charge';
import type { Money, Price } from '@/server/shapes';

/** Returns `$19` or `$5.07` from minor units; some currencies have none. */
export function formatMoney({ amount, currency }: Money): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: currency.toUpperCase() });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits).replace(/\.00$/, '');
}

/** Returns `$19 / month`; empty for a plan without a price. */
export const formatPrice = (price: Price | null): string => (price ? `${formatMoney(price)} / month` : '');

/**
 * Returns a plan's first charge and the charge on the next first of the month, which includes an amount too small to
 * charge today. Pure.
 */
export function firstCharge({ amount, currency }: Price, now: number): { today: Money; next: Money } {
  const { dueNow, carried } = chargeNow(restAmount(amount, now), currency);
  return { today: { amount: dueNow, currency }, next: { amount: amount + carried, currency } };
}

/** Returns the first day of the next UTC month as `1 Dec`. Pure. */
export function nextFirst(now: number): string {
  const date = new Date(now);
  const first = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1));
  return first.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
}
