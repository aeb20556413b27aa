import { inputs } from '../shapes';
import type { Member } from '../trpc';
import { access, router } from '../trpc';
import { cancelSubscription } from './cancel';
import { listPricedPlans } from './catalogue/priced-plans';
import { changePlan } from './change-plan';
import { openPortal } from './checkout/open-portal';
import { openUpgrade } from './checkout/open-upgrade';
import { describeBilling } from './describe-billing';
import { listInvoices } from './list-invoices';
import { listPacks } from './packs/list-packs';
import { openPack } from './packs/open-pack';
import { previewChange } from './preview-change';
import { resumeSubscription } from './resume';
import { startTrial } from './start-trial';
import { refreshBilling } from './sync/refresh';

/** Returns who acts, for the audit, and on which account. */
const by = (ctx: { accountId: string; member: Member | null }) => ({
  accountId: ctx.accountId,
  member: ctx.member as Member,
});

export const billingRouter = router({
  plans: access('public')
    .input(inputs.nothing)
    .query(({ ctx }) => listPricedPlans(ctx, ctx.actor, ctx.currency)),
  packs: access('public')
    .input(inputs.nothing)
    .query(({ ctx }) => listPacks(ctx, ctx.actor, ctx.currency)),
  packLink: access('owner:billing:write')
    .input(inputs.packLink)
    .mutation(({ ctx, input }) =>
      openPack(ctx, { accountId: ctx.accountId, ...input, currency: ctx.currency }),
    ),
  summary: access('billing:read')
    .input(inputs.nothing)
    .query(({ ctx }) => describeBilling(ctx, by(ctx))),
  invoices: access('billing:read')
    .input(inputs.billingInvoices)
    .query(({ ctx, input }) => listInvoices(ctx, { ...input, accountId: ctx.accountId })),
  upgradeLink: access('owner:billing:write')
    .input(inputs.upgradeLink)
    .mutation(({ ctx, input }) => openUpgrade(ctx, { ...by(ctx), ...input, currency: ctx.currency })),
  portalLink: access('owner:billing:write')
    .input(inputs.portalLink)
    .mutation(({ ctx, input }) => openPortal(ctx, { ...by(ctx), ...input })),
  previewChange: access('owner:billing:read')
    .input(inputs.planId)
    .query(({ ctx, input }) => previewChange(ctx, { ...by(ctx), ...input, currency: ctx.currency })),
  changePlan: access('owner:billing:write')
    .input(inputs.changePlan)
    .mutation(({ ctx, input }) => changePlan(ctx, { ...by(ctx), ...input })),
  cancel: access('owner:billing:write')
    .input(inputs.nothing)
    .mutation(({ ctx }) => cancelSubscription(ctx, by(ctx))),
  resume: access('owner:billing:write')
    .input(inputs.nothing)
    .mutation(({ ctx }) => resumeSubscription(ctx, by(ctx))),
  startTrial: access('owner:billing:write')
    .input(inputs.nothing)
    .mutation(({ ctx }) => startTrial(ctx, by(ctx))),
  refresh: access('billing:write')
    .input(inputs.nothing)
    .mutation(({ ctx }) => refreshBilling(ctx, by(ctx))),
});
