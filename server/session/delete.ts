import { type Ctx, inTx } from '../context';
import { notFound } from '../errors';
import { lockAccount } from '../quota/load-account';
import { enforceStopSoon } from '../run/enforce-stop-soon';
import { requestStop } from '../run/moves/request-stop';
import { saveRun } from '../run/save-run';

/**
 * Deletes a session: it leaves every list at once, its machine is stopped, and its volume is removed once the machine
 * is proven dead. Its usage stays in the ledger; a session that never ran leaves no row. Throws NOT_FOUND.
 */
export async function deleteSession(
  ctx: Ctx,
  input: { accountId: string; sessionId: string },
): Promise<{ deleted: true }> {
  const runId = await inTx(ctx, async (tx) => {
    const state = await lockAccount(tx, input.accountId);
    const deleted = await tx.sql`
      update session set deleted_at = ${state.now}
      where id = ${input.sessionId} and account_id = ${input.accountId} and deleted_at is null returning id`;
    if (deleted.length === 0) throw notFound('session');
    await tx.sql`delete from secret where session_id = ${input.sessionId}`;
    await tx.sql`
      delete from session s where id = ${input.sessionId} and volume_id is null
        and not exists (select 1 from run where session_id = s.id)`;
    const run = state.openRuns.find((open) => open.sessionId === input.sessionId);
    if (run) await saveRun(tx, state, run, requestStop(state, run, 'deleted'));
    return run?.id ?? null;
  });
  if (runId !== null) await enforceStopSoon(ctx, runId);
  return { deleted: true };
}
