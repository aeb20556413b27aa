import type { TxCtx } from '../context';
import type { AccountState } from '../quota/account-state';
import type { EndReason } from '../shapes';
import { requestStop } from './moves/request-stop';
import { saveRun } from './save-run';

/**
 * Marks every open run of an account as stopping; returns their ids. The timekeeper tells the machines. Requires the
 * account lock.
 */
export async function stopAccount(tx: TxCtx, state: AccountState, reason: EndReason): Promise<string[]> {
  for (const run of state.openRuns) await saveRun(tx, state, run, requestStop(state, run, reason));
  return state.openRuns.map((run) => run.id);
}
