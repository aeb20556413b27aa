import { inputs } from '../shapes';
import { access, router } from '../trpc';
import { listRuns } from './list-runs';

export const runsRouter = router({
  runs: access('usage:read')
    .input(inputs.usageRuns)
    .query(({ ctx, input }) => listRuns(ctx, { ...input, accountId: ctx.accountId })),
});
