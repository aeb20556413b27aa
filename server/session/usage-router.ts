import { readAccount } from '../quota/load-account';
import { readUsageDays } from '../quota/read-usage-days';
import { inputs } from '../shapes';
import { access, router } from '../trpc';
import { describeStanding } from './batch-status';
import { listRuns } from './list-runs';

export const quotaRouter = router({
  get: access('usage:read')
    .input(inputs.nothing)
    .query(async ({ ctx }) => describeStanding(ctx, await readAccount(ctx.sql, ctx.accountId), ctx.currency)),
});

export const usageRouter = router({
  days: access('usage:read')
    .input(inputs.usageDays)
    .query(({ ctx, input }) => readUsageDays(ctx.sql, ctx.accountId, input)),
  runs: access('usage:read')
    .input(inputs.usageRuns)
    .query(({ ctx, input }) => listRuns(ctx, { ...input, accountId: ctx.accountId })),
});
