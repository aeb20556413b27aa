import type { Ctx } from '../../context';
import { DomainError } from '../../errors';
import { DEFAULT_CURRENCY, type PlanRow, priceIn, pricesOf, toPlan } from '../../quota/plans';
import type { Plan, Price } from '../../shapes';

export type SellablePlan = { plan: Plan; price: Price; stripePriceId: string };

/**
 * Returns a plan for sale with its price in a currency. Throws INVALID_INPUT for an unknown plan and NOT_FOR_SALE for
 * one without a price.
 */
export async function needSellable(
  ctx: Ctx,
  planId: string,
  currency: string | null | undefined,
): Promise<SellablePlan> {
  const [row] = await ctx.sql<(PlanRow & { stripe_price_id: string | null })[]>`
    select * from plan where id = ${planId}`;
  if (!row) {
    throw new DomainError('INVALID_INPUT', `There is no plan named ${planId}.`, {
      fields: { planId: ['unknown plan'] },
    });
  }
  const price = priceIn(pricesOf(row), currency ?? DEFAULT_CURRENCY);
  if (!price || !row.stripe_price_id || !row.visible) {
    throw new DomainError('NOT_FOR_SALE', `The plan ${row.name} is not for sale. Choose another one.`);
  }
  return { plan: toPlan(row), price, stripePriceId: row.stripe_price_id };
}
