import type { Instant } from '../clock';
import { monthAround } from './period';

/**
 * The least amount that is charged, in minor units by currency: the payment provider puts smaller ones on the balance.
 */
const LEAST_CHARGE: Record<string, number> = { gbp: 30 };
const LEAST_CHARGE_ELSEWHERE = 50;

/** Returns the rest of the month after an instant, in ms, to the second as it is charged. Pure. */
export function restOfMonth(now: Instant): { from: Instant; to: Instant; share: number } {
  const { startAt, endAt } = monthAround(now);
  const from = Math.floor(now / 1000) * 1000;
  return { from, to: endAt, share: (endAt - from) / (endAt - startAt) };
}

/** Returns the price of the rest of the month at a monthly amount, both in minor units. Pure. */
export const restAmount = (amount: number, now: Instant): number =>
  Math.round(amount * restOfMonth(now).share);

/** Splits an amount into what is charged now and what is put on the balance and due with the next invoice. Pure. */
export function chargeNow(amount: number, currency: string): { dueNow: number; carried: number } {
  const least = LEAST_CHARGE[currency] ?? LEAST_CHARGE_ELSEWHERE;
  return amount < least ? { dueNow: 0, carried: amount } : { dueNow: amount, carried: 0 };
}
