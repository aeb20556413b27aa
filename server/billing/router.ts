import { listPlans } from '../quota/plans';
import { inputs, type Plan, type Price } from '../shapes';
import { access, router } from '../trpc';

export type PricedPlan = Plan & { price: Price | null };

export const billingRouter = router({
  plans: access('public')
    .input(inputs.nothing)
    .query(async ({ ctx }): Promise<PricedPlan[]> => {
      const plans = await listPlans(ctx.sql);
      return plans.filter((plan) => plan.visible).map((plan) => ({ ...plan, price: null }));
    }),
});
