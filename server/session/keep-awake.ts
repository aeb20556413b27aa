import { type Ctx, inTx } from '../context';
import { notFound } from '../errors';
import { lockAccount } from '../quota/load-account';
import type { Session } from '../shapes';
import { readSession } from './read-sessions';
import { lookAtIdleEnd } from './update';

/**
 * Suspends a session's idle stop for `seconds` from now, at most the plan's longest idle stop; 0 cancels it. Returns
 * the session. Throws NOT_FOUND.
 */
export async function keepAwake(
  ctx: Ctx,
  input: { accountId: string; sessionId: string; seconds: number },
): Promise<Session> {
  const { accountId, sessionId } = input;
  const wakeAt = await inTx(ctx, async (tx) => {
    const { now, plan } = await lockAccount(tx, accountId);
    const seconds = Math.min(input.seconds, plan.idleStop.maxSeconds);
    const [from, until] = seconds > 0 ? [now, now + seconds * 1000] : [null, null];
    const found = await tx.sql`
      update session set awake_from = ${from}, awake_until = ${until}
      where id = ${sessionId} and account_id = ${accountId} and deleted_at is null returning id`;
    if (found.length === 0) throw notFound('session');
    return lookAtIdleEnd(tx, accountId, sessionId);
  });
  if (wakeAt) await ctx.jobs.wakeRun(wakeAt.runId, wakeAt.at);
  return readSession(ctx.sql, accountId, sessionId);
}
