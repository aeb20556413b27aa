import type { Ctx } from '../context';
import type { BatchStatus } from '../shapes';
import { type AccountState, quotaRules } from './account-state';
import { decideStart, limitsOf } from './decide-start';
import { describeQuota, describeUpgrade } from './describe-quota';
import { amountIn, DEFAULT_CURRENCY, priceIn } from './plans';

/** Returns quota, limits, the decision on a start and the ways out of a refusal, for every page and call alike. */
export function describeStanding(
  ctx: Pick<Ctx, 'env'>,
  state: AccountState,
  currency: string = DEFAULT_CURRENCY,
): Pick<BatchStatus, 'quota' | 'limits' | 'start' | 'upgrade'> {
  const rules = quotaRules(ctx.env);
  const isSold = ctx.env.STRIPE_SECRET_KEY !== undefined;
  const charged = state.currency ?? currency;
  const priceOf = {
    plan: (planId: string) => (isSold ? priceIn(state.prices.get(planId), charged) : null),
    pack: (packId: string) => (isSold ? amountIn(state.packPrices.get(packId), charged) : null),
  };
  return {
    quota: describeQuota(state, rules),
    limits: limitsOf(state),
    start: decideStart(state, rules),
    upgrade: describeUpgrade(state, rules, ctx.env.APP_URL, priceOf, currency),
  };
}
