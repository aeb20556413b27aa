import { actorText } from '../actor-text';
import type { Ctx } from '../context';
import { DomainError } from '../errors';
import { apiKeyCreate } from '../key-shapes';
import { listDrift } from '../quota/list-drift';
import { listPlans } from '../quota/plans';
import { listRuns } from '../run/list-runs';
import { inputs } from '../shapes';
import { access, type Member, router, SECOND_FACTOR_NEEDED } from '../trpc';
import { adjustAccountUsage } from './adjust-usage';
import { createApiKey } from './create-api-key';
import { deleteAccount } from './delete-account';
import { deleteOwnAccount } from './delete-own-account';
import { endOtherSignIns, endSignIn } from './end-sign-ins';
import { getAccount, listAccounts } from './list-accounts';
import { listApiKeys } from './list-api-keys';
import { listAudit } from './list-audit';
import { listSignIns } from './list-sign-ins';
import { revokeApiKey } from './revoke-api-key';
import { saveAuditedPlan } from './save-plan';
import { setPlan } from './set-plan';
import { setStatus } from './set-status';
import { writeSupport } from './write-support';

/** Returns the signed-in user behind a procedure that API keys may not call. Throws FORBIDDEN. */
function personOf(member: Member | null) {
  if (member?.kind !== 'user')
    throw new DomainError('FORBIDDEN', 'An API key may not do this; sign in instead.');
  return member;
}

export const apiKeyRouter = router({
  create: access('person')
    .input(apiKeyCreate)
    .mutation(({ ctx, input }) => {
      const { userId, isAdmin, lacksSecondFactor, signInId } = personOf(ctx.member);
      if (lacksSecondFactor && isAdmin && input.scopes.includes('admin'))
        throw new DomainError('FORBIDDEN', SECOND_FACTOR_NEEDED);
      return createApiKey(ctx, { ...input, accountId: ctx.accountId, userId, isAdmin, signInId });
    }),
  list: access('person')
    .input(inputs.nothing)
    .query(({ ctx }) => listApiKeys(ctx, ctx.accountId)),
  revoke: access('person')
    .input(inputs.apiKeyRevoke)
    .mutation(({ ctx, input }) =>
      revokeApiKey(ctx, { ...input, accountId: ctx.accountId, actor: actorText(ctx.member) }),
    ),
});

export const supportRouter = router({
  write: access('person')
    .input(inputs.supportWrite)
    .mutation(({ ctx, input }) =>
      writeSupport(ctx, { ...input, accountId: ctx.accountId, userId: personOf(ctx.member).userId }),
    ),
});

export const signInRouter = router({
  list: access('person')
    .input(inputs.nothing)
    .query(({ ctx }) => listSignIns(ctx, personOf(ctx.member))),
  end: access('person')
    .input(inputs.signInEnd)
    .mutation(({ ctx, input }) => endSignIn(ctx, { ...personOf(ctx.member), signInId: input.signInId })),
  endOthers: access('person')
    .input(inputs.nothing)
    .mutation(({ ctx }) => endOtherSignIns(ctx, personOf(ctx.member))),
});

export const accountRouter = router({
  delete: access('owner')
    .input(inputs.ownAccountDelete)
    .mutation(({ ctx, input }) => {
      const { accountId, userId, signInId } = personOf(ctx.member);
      return deleteOwnAccount(ctx, { accountId, userId, signInId, email: input.email });
    }),
});

/** Lists over all accounts are read from the pool of reports. */
const onReports = <C extends Pick<Ctx, 'sql' | 'reports'>>(ctx: C): C => ({ ...ctx, sql: ctx.reports });

const account = router({
  list: access('admin')
    .input(inputs.accountList)
    .query(({ ctx, input }) => listAccounts(onReports(ctx), input)),
  get: access('admin')
    .input(inputs.accountId)
    .query(({ ctx, input }) => getAccount(ctx, input.accountId)),
  setPlan: access('admin')
    .input(inputs.setPlan)
    .mutation(({ ctx, input }) => setPlan(ctx, { ...input, actor: actorText(ctx.member) })),
  setStatus: access('admin')
    .input(inputs.setStatus)
    .mutation(({ ctx, input }) => setStatus(ctx, { ...input, actor: actorText(ctx.member) })),
  adjustUsage: access('admin')
    .input(inputs.adjustUsage)
    .mutation(({ ctx, input }) => adjustAccountUsage(ctx, { ...input, actor: actorText(ctx.member) })),
  delete: access('admin')
    .input(inputs.accountDelete)
    .mutation(({ ctx, input }) => deleteAccount(ctx, { ...input, actor: actorText(ctx.member) })),
});

const plan = router({
  list: access('admin')
    .input(inputs.nothing)
    .query(({ ctx }) => listPlans(ctx.sql)),
  save: access('admin')
    .input(inputs.plan)
    .mutation(({ ctx, input }) =>
      saveAuditedPlan(ctx, { plan: input, actor: actorText(ctx.member), reason: 'edited' }),
    ),
});

export const adminRouter = router({
  account,
  plan,
  run: router({
    list: access('admin')
      .input(inputs.adminRuns)
      .query(({ ctx, input }) => listRuns(onReports(ctx), input)),
  }),
  drift: router({
    list: access('admin')
      .input(inputs.nothing)
      .query(({ ctx }) => listDrift(ctx)),
  }),
  audit: router({
    list: access('admin')
      .input(inputs.auditList)
      .query(({ ctx, input }) => listAudit(onReports(ctx), input)),
  }),
});
