import type { Sql } from '@/db/client';
import type { Instant } from '../../clock';
import { type Actor, type Ctx, failClosed } from '../../context';
import { type Buyer, thisMonthSeconds } from '../../quota/if-bought';
import { readAccount } from '../../quota/load-account';
import { DEFAULT_CURRENCY, type PlanRow, priceIn, pricesOf, toPlan } from '../../quota/plans';
import type { PricedPlan } from '../../shapes';

/**
 * Returns every visible plan with the price that will be charged, in the account's or the visitor's currency, and what
 * it gives this month if chosen now. The price is null when a plan is not for sale or payments are not set up.
 */
export async function listPricedPlans(
  ctx: Ctx,
  actor: Actor | null,
  visitorCurrency: string = DEFAULT_CURRENCY,
): Promise<PricedPlan[]> {
  const accountId = actor && actor.kind !== 'system' ? actor.accountId : null;
  return failClosed(async () => {
    const buyer = accountId === null ? await readVisitor(ctx.sql) : await readAccount(ctx.sql, accountId);
    const priceOf = (planId: string) =>
      ctx.payments ? priceIn(buyer.prices.get(planId), buyer.currency ?? visitorCurrency) : null;
    return buyer.plans
      .filter((plan) => plan.visible)
      .map((plan) => ({
        ...plan,
        price: priceOf(plan.id),
        thisMonthSeconds: thisMonthSeconds(buyer, plan, visitorCurrency),
      }));
  }, ctx.log);
}

/** Returns a visitor as the free account they would open. */
async function readVisitor(sql: Sql): Promise<Buyer> {
  const rows = await sql<(PlanRow & { now: Instant })[]>`
    select *, hg_ms(hg_clock()) as now from plan order by sort, id`;
  const plans = rows.map(toPlan);
  const plan = plans.find(({ id }) => id === 'free') ?? plans[0];
  if (!plan || !rows[0]) throw new Error('There is no plan.');
  return {
    now: rows[0].now,
    plans,
    plan,
    ownPlanId: plan.id,
    subscription: null,
    prices: new Map(rows.map((row) => [row.id, pricesOf(row)])),
    currency: null,
  };
}
