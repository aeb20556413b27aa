import { inputs } from '../shapes';
import { access, router } from '../trpc';
import { describeStanding } from './describe-standing';
import { readAccount } from './load-account';
import { readUsageDays } from './read-usage-days';

export const quotaRouter = router({
  get: access('usage:read')
    .input(inputs.nothing)
    .query(async ({ ctx }) => describeStanding(ctx, await readAccount(ctx.sql, ctx.accountId), ctx.currency)),
});

export const usageRouter = router({
  days: access('usage:read')
    .input(inputs.usageDays)
    .query(({ ctx, input }) => readUsageDays(ctx.sql, ctx.accountId, input)),
});
