import { portInputs } from '../../port-shapes';
import { grantOf } from '../../run/grants';
import { inputs } from '../../shapes';
import { access, router } from '../../trpc';
import { listPorts } from './list-ports';
import { sharePort } from './share-port';

export const portRouter = router({
  list: access('session:write')
    .input(inputs.sessionId)
    .query(({ ctx, input }) =>
      listPorts(ctx, { ...input, accountId: ctx.accountId, grant: grantOf(ctx.member) }),
    ),
  share: access('session:write')
    .input(portInputs.share)
    .mutation(({ ctx, input }) => sharePort(ctx, { ...input, accountId: ctx.accountId })),
});
