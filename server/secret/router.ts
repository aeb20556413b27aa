import { inputs } from '../shapes';
import { access, router } from '../trpc';
import { deleteSecret } from './delete-secret';
import { listSecrets } from './list-secrets';
import { setSecret } from './set-secret';
import { secretInputs } from './shapes';

export const secretRouter = router({
  set: access('session:write')
    .input(secretInputs.set)
    .mutation(({ ctx, input }) => setSecret(ctx, { ...input, accountId: ctx.accountId })),
  list: access('session:read')
    .input(inputs.nothing)
    .query(({ ctx }) => listSecrets(ctx, ctx.accountId)),
  delete: access('session:write')
    .input(secretInputs.delete)
    .mutation(({ ctx, input }) => deleteSecret(ctx, { ...input, accountId: ctx.accountId })),
});
