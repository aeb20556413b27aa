import { chargeNow, restAmount } from '@/server/quota/first-charge';
import type { Money, Price } from '@/server/shapes';

/** `$19` or `$5.07` from minor units; some currencies have none. */
export function formatMoney({ amount, currency }: Money): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: currency.toUpperCase() });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits).replace(/\.00$/, '');
}

/** `$19 / month`; nothing for a plan without a price. */
export const formatPrice = (price: Price | null): string => (price ? `${formatMoney(price)} / month` : '');

/** What a plan costs first, and on the next first of the month; what is too little to be charged today comes with it. Pure. */
export function firstCharge({ amount, currency }: Price, now: number): { today: Money; next: Money } {
  const { dueNow, carried } = chargeNow(restAmount(amount, now), currency);
  return { today: { amount: dueNow, currency }, next: { amount: amount + carried, currency } };
}

/** The first of the next UTC month as `1 Dec`. Pure. */
export function nextFirst(now: number): string {
  const date = new Date(now);
  const first = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1));
  return first.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
}
