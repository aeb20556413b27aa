import { type Ctx, inTx, type TxCtx } from '../context';
import { notFound } from '../errors';
import { lockAccount } from '../quota/load-account';
import { idleStopDueAt, needIdleSeconds } from '../run/idle';
import type { Session } from '../shapes';
import { readSession } from './read-sessions';

export type UpdateInput = {
  accountId: string;
  sessionId: string;
  name?: string;
  /** Null follows the plan again. */
  idleStopSeconds?: number | null;
};

/**
 * Changes a session's name or idle stop, also while it runs; returns the session. Throws NOT_FOUND, and INVALID_INPUT
 * when the plan in force does not allow the idle stop.
 */
export async function updateSession(ctx: Ctx, input: UpdateInput): Promise<Session> {
  const { accountId, sessionId, name, idleStopSeconds } = input;
  const wakeAt = await inTx(ctx, async (tx) => {
    const state = await lockAccount(tx, accountId);
    if (idleStopSeconds) needIdleSeconds(state.plan, idleStopSeconds);
    const found = await tx.sql`
      update session set name = coalesce(${name ?? null}, name),
        idle_stop_seconds = case when ${idleStopSeconds === undefined} then idle_stop_seconds
          else ${idleStopSeconds ?? null} end
      where id = ${sessionId} and account_id = ${accountId} and deleted_at is null returning id`;
    if (found.length === 0) throw notFound('session');
    return idleStopSeconds === undefined ? null : lookAtIdleEnd(tx, accountId, sessionId);
  });
  if (wakeAt) await ctx.jobs.wakeRun(wakeAt.runId, wakeAt.at);
  return readSession(ctx.sql, accountId, sessionId);
}

/**
 * Schedules a check of a running session for when its current idle stop is due. Takes the account lock. Returns the run
 * and the instant, or null when no check is needed.
 */
export async function lookAtIdleEnd(
  tx: TxCtx,
  accountId: string,
  sessionId: string,
): Promise<{ runId: string; at: number } | null> {
  const state = await lockAccount(tx, accountId);
  const run = state.openRuns.find((open) => open.sessionId === sessionId && open.status === 'running');
  const at = run ? idleStopDueAt(state, run) : null;
  if (!run || at === null) return null;
  await tx.sql`update run set due_at = least(due_at, ${at}) where id = ${run.id} and status = 'running'`;
  return { runId: run.id, at };
}
