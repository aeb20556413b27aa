import type Stripe from 'stripe';
import { fromUnix, type Instant } from '../../clock';
import { PACKS } from '../../quota/packs';
import type { Payments } from '../payments';

/** One payment for a pack as read from the provider. Instants in ms, money in minor units. */
export type PackFacts = {
  paymentId: string;
  packId: string;
  seconds: number;
  amount: number;
  refunded: number;
  currency: string;
  disputed: boolean;
  boughtAt: Instant;
};

const MOST_PAGES = 10;

/** Returns every payment of a customer with its charge, newest first. Throws BILLING_UNAVAILABLE. */
export async function readMoney(payments: Payments, customer: string): Promise<Stripe.PaymentIntent[]> {
  const found: Stripe.PaymentIntent[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { data, has_more } = await payments.ask((stripe) =>
      stripe.paymentIntents.list({
        customer,
        limit: 100,
        expand: ['data.latest_charge'],
        starting_after: cursor,
      }),
    );
    found.push(...data);
    cursor = data.at(-1)?.id;
    if (!has_more) break;
  }
  return found;
}

/** Returns the refunded amount per payment id; payments without refunds are left out. Pure. */
export function refundsOf(money: Stripe.PaymentIntent[]): Map<string, number> {
  const refunds = new Map<string, number>();
  for (const { id, latest_charge: charge } of money)
    if (charge && typeof charge !== 'string' && charge.amount_refunded > 0)
      refunds.set(id, charge.amount_refunded);
  return refunds;
}

/**
 * Returns what a payment bought of packs, by our checkout's metadata, with its present worth by its charge. Nothing for
 * a payment that has not succeeded. Pure.
 */
export function packsOf(intent: Stripe.PaymentIntent): PackFacts[] {
  const { pack, seconds } = intent.metadata;
  const charge = intent.latest_charge;
  if (!pack || intent.status !== 'succeeded' || !charge || typeof charge === 'string') return [];
  const bought = Number(seconds ?? PACKS.find(({ id }) => id === pack)?.seconds);
  if (!Number.isSafeInteger(bought) || bought <= 0) return [];
  return [
    {
      paymentId: intent.id,
      packId: pack,
      seconds: bought,
      amount: charge.amount,
      refunded: charge.amount_refunded,
      currency: charge.currency,
      disputed: charge.disputed,
      boughtAt: fromUnix(charge.created),
    },
  ];
}
