import type Stripe from 'stripe';
import { fromUnix, type Instant } from '../../clock';
import { PACKS } from '../../quota/packs';
import type { Payments } from '../payments';

/** One payment for a pack as the provider has it. Instants in ms, money in minor units. */
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

/**
 * The payments of a customer that bought packs, in any order. What was bought is what our checkout wrote on the payment;
 * what it is worth now is what its charge says. Throws BILLING_UNAVAILABLE.
 */
export async function readPacks(payments: Payments, customer: string): Promise<PackFacts[]> {
  const found: PackFacts[] = [];
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
    found.push(...data.flatMap(factsOf));
    cursor = data.at(-1)?.id;
    if (!has_more) break;
  }
  return found;
}

/** Nothing of a payment that has not succeeded: access is for what is paid. */
function factsOf(intent: Stripe.PaymentIntent): PackFacts[] {
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
