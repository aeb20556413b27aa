import type { PackFacts } from '@/server/billing/sync/read-money';
import type { StoredSubscription } from '@/server/billing/sync/stored-subscription';
import type { Ctx } from '@/server/context';
import type { DomainError } from '@/server/errors';

/** Imports the product's verbs afresh, so that a test may replace a rule by a wrong one. */
export async function loadRules() {
  const start = await import('@/server/session/start');
  const stop = await import('@/server/session/stop');
  const tick = await import('@/server/run/tick');
  const sweep = await import('@/server/run/sweep');
  const reconcile = await import('@/server/inventory/reconcile');
  const agent = await import('@/server/run/answer-agent');
  const create = await import('@/server/session/create');
  const status = await import('@/server/session/batch-status');
  const drift = await import('@/server/quota/find-drift');
  const errors = await import('@/server/errors');
  const update = await import('@/server/session/update');
  const keep = await import('@/server/session/keep-awake');
  const { metrics } = await import('@/server/metrics');
  return {
    startSession: start.startSession,
    stopSession: stop.stopSession,
    tickRun: tick.tickRun,
    sweepRuns: sweep.sweepRuns,
    reconcile: reconcile.reconcile,
    answerAgent: agent.answerAgent,
    createSession: create.createSession,
    batchStatus: status.batchStatus,
    updateSession: update.updateSession,
    keepAwake: keep.keepAwake,
    findDrift: drift.findDrift,
    ...(await loadOperations()),
    isRefusal: (error: unknown): error is DomainError => error instanceof errors.DomainError,
    reasonOf: (error: DomainError) => error.reason,
    failedLooks: async () => (await metrics.lookFailures.get()).values[0]?.value ?? 0,
  };
}

/** Imports the operations of operators and of the payment provider. */
async function loadOperations() {
  const plan = await import('@/server/quota/apply-plan');
  const adjust = await import('@/server/quota/adjust-usage');
  const context = await import('@/server/context');
  const load = await import('@/server/quota/load-account');
  const stopAll = await import('@/server/run/stop-account');
  const stored = await import('@/server/billing/sync/stored-subscription');
  const book = await import('@/server/quota/book');
  const wake = await import('@/server/quota/wake-runs');
  const packs = await import('@/server/billing/sync/apply-packs');
  return {
    applyPlan: (ctx: Ctx, accountId: string, planId: string) =>
      context.inTx(ctx, (tx) => plan.applyPlan(tx, accountId, planId)),
    /** Writes what a read of the payment provider would write. */
    subscribe: (ctx: Ctx, accountId: string, next: StoredSubscription) =>
      context.inTx(ctx, async (tx) => {
        const before = await load.lockAccount(tx, accountId);
        await stored.writeStored(tx, accountId, next);
        const after = await load.lockAccount(tx, accountId);
        await book.alignQuota(tx, after);
        if (after.plan.maxSessions < before.plan.maxSessions) await wake.wakeRuns(tx, accountId);
      }),
    applyPack: (ctx: Ctx, accountId: string, fact: PackFacts) =>
      context.inTx(ctx, async (tx) => {
        await load.lockAccount(tx, accountId);
        await packs.applyPacks(tx, accountId, [fact]);
        await book.alignQuota(tx, await load.lockAccount(tx, accountId));
      }),
    adjustUsage: (ctx: Ctx, accountId: string, ms: number) =>
      context.inTx(ctx, (tx) => adjust.adjustUsage(tx, { accountId, ms, reason: 'sim' })),
    setStatus: (ctx: Ctx, accountId: string, to: string) =>
      context.inTx(ctx, async (tx) => {
        const state = await load.lockAccount(tx, accountId);
        await tx.sql`update account set status = ${to} where id = ${accountId}`;
        if (to === 'blocked') await stopAll.stopAccount(tx, state, 'blocked');
      }),
  };
}

export type Rules = Awaited<ReturnType<typeof loadRules>>;
