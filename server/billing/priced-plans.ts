import { type Actor, type Ctx, failClosed } from '../context';
import { DEFAULT_CURRENCY, type PlanRow, priceIn, pricesOf, toPlan } from '../quota/plans';
import type { Plan, Price } from '../shapes';

export type PricedPlan = Plan & { price: Price | null };

/**
 * Every visible plan with its price as it will be charged: in the account's currency, for others in the visitor's. The
 * price is null where a plan is not for sale or payments are not set up.
 */
export async function listPricedPlans(
  ctx: Ctx,
  actor: Actor | null,
  visitorCurrency: string | undefined,
): Promise<PricedPlan[]> {
  const accountId = actor && actor.kind !== 'system' ? actor.accountId : null;
  return failClosed(async () => {
    const rows = await ctx.sql<(PlanRow & { currency: string | null })[]>`
      select p.*, c.currency from plan p left join billing_customer c on c.account_id = ${accountId}
      where p.visible order by p.sort, p.id`;
    return rows.map((row) => ({
      ...toPlan(row),
      price: ctx.payments
        ? priceIn(pricesOf(row), row.currency ?? visitorCurrency ?? DEFAULT_CURRENCY)
        : null,
    }));
  }, ctx.log);
}
