import type { Instant } from '../clock';
import { monthAround } from './period';

/** Less than this is not charged: the payment provider puts it on the balance. Minor units by currency. */
const LEAST_CHARGE: Record<string, number> = { gbp: 30 };
const LEAST_CHARGE_ELSEWHERE = 50;

/** What is left of the month at an instant, to the second as it is charged. Instants in ms. Pure. */
export function restOfMonth(now: Instant): { from: Instant; to: Instant; share: number } {
  const { startAt, endAt } = monthAround(now);
  const from = Math.floor(now / 1000) * 1000;
  return { from, to: endAt, share: (endAt - from) / (endAt - startAt) };
}

/** What the rest of the month costs at a monthly amount; both in minor units. Pure. */
export const restAmount = (amount: number, now: Instant): number =>
  Math.round(amount * restOfMonth(now).share);

/** What of an amount is charged now, and what is put on the balance and due with the next invoice. Pure. */
export function chargeNow(amount: number, currency: string): { dueNow: number; carried: number } {
  const least = LEAST_CHARGE[currency] ?? LEAST_CHARGE_ELSEWHERE;
  return amount < least ? { dueNow: 0, carried: amount } : { dueNow: amount, carried: 0 };
}
