import type Stripe from 'stripe';
import type { Ctx } from '../../context';
import { listPlans, type Prices } from '../../quota/plans';
import { needPayments } from '../payments';
import { amountsOf } from './amounts-of';
import { refreshPackPrices } from './pack-prices';

export type SoldPlan = { planId: string; priceId: string | null; prices: Prices | null };

/** Returns the lookup key of a plan's price at the provider. */
export const lookupKeyOf = (planId: string): string => `hourglass_${planId}_monthly`;

const KEYS_AT_ONCE = 10;

/**
 * Stores the price of each plan and pack as read from the payment provider; one without an active price is no longer
 * for sale. Returns every plan with its price. Throws NOT_FOR_SALE, BILLING_UNAVAILABLE.
 */
export async function refreshPrices(ctx: Ctx): Promise<SoldPlan[]> {
  const payments = needPayments(ctx.payments);
  const plans = await listPlans(ctx.sql);
  const found = new Map<string, Stripe.Price>();
  for (let at = 0; at < plans.length; at += KEYS_AT_ONCE) {
    const lookup_keys = plans.slice(at, at + KEYS_AT_ONCE).map((plan) => lookupKeyOf(plan.id));
    const page = await payments.ask((stripe) =>
      stripe.prices.list({ lookup_keys, active: true, limit: 100, expand: ['data.currency_options'] }),
    );
    for (const price of page.data) if (price.lookup_key) found.set(price.lookup_key, price);
  }
  const sold = plans.map((plan) => toSold(plan.id, found.get(lookupKeyOf(plan.id)) ?? null));
  for (const one of sold) await keep(ctx, one);
  await refreshPackPrices(ctx, payments);
  return sold;
}

function toSold(planId: string, price: Stripe.Price | null): SoldPlan {
  if (!price || price.unit_amount === null || price.recurring?.interval !== 'month') {
    return { planId, priceId: null, prices: null };
  }
  return { planId, priceId: price.id, prices: amountsOf(price) };
}

/** Every price that ever sold a plan is kept, because a subscription may still use it. */
async function keep(ctx: Ctx, { planId, priceId, prices }: SoldPlan): Promise<void> {
  const json = prices && ctx.sql.json(prices);
  await ctx.sql`update plan set prices = ${json}, stripe_price_id = ${priceId} where id = ${planId}`;
  if (!priceId || !json) return;
  await ctx.sql`
    insert into plan_price (stripe_price_id, plan_id, amounts) values (${priceId}, ${planId}, ${json})
    on conflict (stripe_price_id) do update set amounts = excluded.amounts, seen_at = hg_clock()`;
}
