import { toIso } from '../clock';
import { type Ctx, failClosed } from '../context';
import { type AccountState, quotaRules } from '../quota/account-state';
import { decideStart, limitsOf } from '../quota/decide-start';
import { describeQuota, describeUpgrade } from '../quota/describe-quota';
import { DEFAULT_CURRENCY, priceIn } from '../quota/plans';
import type { BatchStatus } from '../shapes';
import { readSessions } from './read-sessions';

/** What a dashboard polls: one consistent read of PostgreSQL. Never calls the provider, never wakes anything. */
export async function batchStatus(ctx: Ctx, accountId: string, currency?: string): Promise<BatchStatus> {
  const { state, sessions } = await failClosed(() => readSessions(ctx.sql, accountId), ctx.log);
  return { now: toIso(state.now), sessions, ...describeStanding(ctx, state, currency) };
}

/** Quota, limits, the decision on a start and the way out of a refusal: the same objects everywhere. */
export function describeStanding(
  ctx: Pick<Ctx, 'env'>,
  state: AccountState,
  currency: string = DEFAULT_CURRENCY,
): Pick<BatchStatus, 'quota' | 'limits' | 'start' | 'upgrade'> {
  const rules = quotaRules(ctx.env);
  const priceOf = (planId: string) =>
    ctx.env.STRIPE_SECRET_KEY ? priceIn(state.prices.get(planId), state.currency ?? currency) : null;
  return {
    quota: describeQuota(state, rules),
    limits: limitsOf(state),
    start: decideStart(state, rules),
    upgrade: describeUpgrade(state, rules, ctx.env.APP_URL, priceOf, currency),
  };
}
