import { type Ctx, inTx } from '../context';
import { lockAccount } from '../quota/load-account';
import { enforceStopSoon } from '../run/enforce-stop-soon';
import { requestStop } from '../run/moves/request-stop';
import { saveRun } from '../run/save-run';
import type { EndReason, Session } from '../shapes';
import { readSession } from './read-sessions';

/** Stops a session that starts or runs, and returns it in any case. Works in every account state. Throws NOT_FOUND. */
export async function stopSession(
  ctx: Ctx,
  input: { accountId: string; sessionId: string },
): Promise<Session> {
  await readSession(ctx.sql, input.accountId, input.sessionId);
  await stopRunOf(ctx, input.accountId, input.sessionId, 'user');
  return readSession(ctx.sql, input.accountId, input.sessionId);
}

/** Decides the stop under the account lock, then signals the machine at once; the timekeeper completes it. */
async function stopRunOf(ctx: Ctx, accountId: string, sessionId: string, reason: EndReason): Promise<void> {
  const runId = await inTx(ctx, async (tx) => {
    const state = await lockAccount(tx, accountId);
    const run = state.openRuns.find((open) => open.sessionId === sessionId);
    if (run) await saveRun(tx, state, run, requestStop(state, run, reason));
    return run?.id ?? null;
  });
  if (runId !== null) await enforceStopSoon(ctx, runId);
}
