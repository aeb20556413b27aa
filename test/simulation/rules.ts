import type { StoredSubscription } from '@/server/billing/stored-subscription';
import type { Ctx } from '@/server/context';
import type { DomainError } from '@/server/errors';

/** The product's verbs as a history uses them, imported afresh so that a test may replace a rule by a wrong one. */
export async function loadRules() {
  const [
    start,
    stop,
    tick,
    sweep,
    reconcile,
    agent,
    create,
    status,
    drift,
    plan,
    adjust,
    context,
    errors,
    load,
    stopAll,
    stored,
    book,
    wake,
  ] = await Promise.all([
    import('@/server/session/start'),
    import('@/server/session/stop'),
    import('@/server/session/tick'),
    import('@/server/session/sweep'),
    import('@/server/session/reconcile'),
    import('@/server/session/answer-agent'),
    import('@/server/session/create'),
    import('@/server/session/batch-status'),
    import('@/server/quota/find-drift'),
    import('@/server/quota/apply-plan'),
    import('@/server/quota/adjust-usage'),
    import('@/server/context'),
    import('@/server/errors'),
    import('@/server/quota/load-account'),
    import('@/server/session/stop-account'),
    import('@/server/billing/stored-subscription'),
    import('@/server/quota/book'),
    import('@/server/quota/wake-runs'),
  ]);
  return {
    startSession: start.startSession,
    stopSession: stop.stopSession,
    tickRun: tick.tickRun,
    sweepRuns: sweep.sweepRuns,
    reconcile: reconcile.reconcile,
    answerAgent: agent.answerAgent,
    createSession: create.createSession,
    batchStatus: status.batchStatus,
    findDrift: drift.findDrift,
    applyPlan: (ctx: Ctx, accountId: string, planId: string) =>
      context.inTx(ctx, (tx) => plan.applyPlan(tx, accountId, planId)),
    /** What a read of the payment provider writes. */
    subscribe: (ctx: Ctx, accountId: string, next: StoredSubscription) =>
      context.inTx(ctx, async (tx) => {
        const before = await load.lockAccount(tx, accountId);
        await stored.writeStored(tx, accountId, next);
        const after = await load.lockAccount(tx, accountId);
        await book.alignQuota(tx, after);
        if (after.plan.maxSessions < before.plan.maxSessions) await wake.wakeRuns(tx, accountId);
      }),
    adjustUsage: (ctx: Ctx, accountId: string, ms: number) =>
      context.inTx(ctx, (tx) => adjust.adjustUsage(tx, { accountId, ms, reason: 'sim' })),
    setStatus: (ctx: Ctx, accountId: string, to: string) =>
      context.inTx(ctx, async (tx) => {
        const state = await load.lockAccount(tx, accountId);
        await tx.sql`update account set status = ${to} where id = ${accountId}`;
        if (to === 'blocked') await stopAll.stopAccount(tx, state, 'blocked');
      }),
    isRefusal: (error: unknown): error is DomainError => error instanceof errors.DomainError,
    reasonOf: (error: DomainError) => error.reason,
  };
}

export type Rules = Awaited<ReturnType<typeof loadRules>>;
