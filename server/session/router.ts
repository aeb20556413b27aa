import { grantOf } from '../run/grants';
import { inputs } from '../shapes';
import { access, router } from '../trpc';
import { batchStatus } from './batch-status';
import { connectSession } from './connect';
import { createSession } from './create';
import { deleteSession } from './delete';
import { doorInputs } from './door-inputs';
import { execInSession } from './exec';
import { keepAwake } from './keep-awake';
import { readSession } from './read-sessions';
import { renameSession } from './rename';
import { startSession } from './start';
import { stopSession } from './stop';
import { updateSession } from './update';

export const sessionRouter = router({
  create: access('session:write')
    .input(inputs.sessionCreate)
    .mutation(({ ctx, input }) => createSession(ctx, { ...input, accountId: ctx.accountId })),
  start: access('session:write')
    .input(inputs.sessionStart)
    .mutation(async ({ ctx, input }) => {
      await ctx.rates.takeStart(ctx.accountId);
      return startSession(ctx, { ...input, accountId: ctx.accountId });
    }),
  stop: access('session:write')
    .input(inputs.sessionId)
    .mutation(({ ctx, input }) => stopSession(ctx, { ...input, accountId: ctx.accountId })),
  update: access('session:write')
    .input(inputs.sessionUpdate)
    .mutation(({ ctx, input }) => updateSession(ctx, { ...input, accountId: ctx.accountId })),
  keepAwake: access('session:write')
    .input(inputs.sessionKeepAwake)
    .mutation(({ ctx, input }) => keepAwake(ctx, { ...input, accountId: ctx.accountId })),
  rename: access('session:write')
    .input(inputs.sessionRename)
    .mutation(({ ctx, input }) => renameSession(ctx, { ...input, accountId: ctx.accountId })),
  delete: access('session:write')
    .input(inputs.sessionId)
    .mutation(({ ctx, input }) => deleteSession(ctx, { ...input, accountId: ctx.accountId })),
  list: access('session:read')
    .input(inputs.nothing)
    .query(async ({ ctx }) => (await batchStatus(ctx, ctx.accountId)).sessions),
  get: access('session:read')
    .input(inputs.sessionId)
    .query(({ ctx, input }) => readSession(ctx.sql, ctx.accountId, input.sessionId)),
  batchStatus: access('session:read')
    .input(inputs.nothing)
    .query(({ ctx }) => batchStatus(ctx, ctx.accountId, ctx.currency)),
  connect: access('session:write')
    .input(doorInputs.connect)
    .mutation(async ({ ctx, input }) => {
      await ctx.rates.takeConnect(ctx.accountId);
      return connectSession(ctx, { ...input, accountId: ctx.accountId, grant: grantOf(ctx.member) });
    }),
  exec: access('session:write')
    .input(doorInputs.exec)
    .mutation(async ({ ctx, input, signal }) => {
      await ctx.rates.takeConnect(ctx.accountId);
      return execInSession(ctx, { ...input, accountId: ctx.accountId, grant: grantOf(ctx.member) }, signal);
    }),
});
