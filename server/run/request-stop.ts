import type { Instant } from '../clock';
import type { TxCtx } from '../context';
import type { AccountState, OpenRun } from '../quota/account-state';
import type { EndReason } from '../shapes';

/**
 * Decides that an open run ends now, and why. The first reason stays. The machine is told after the commit, by the
 * caller or by the timekeeper, whoever comes first; who decides and tells in one look keeps his claim, and that look
 * is the first. Under the account lock; keeps `run` in step.
 */
export async function requestStop(
  tx: TxCtx,
  state: AccountState,
  run: OpenRun,
  reason: EndReason,
  claimedUntil?: Instant,
): Promise<void> {
  if (run.status === 'stopping') return;
  run.status = 'stopping';
  run.endReason = reason;
  run.stopRequestedAt = state.now;
  await tx.sql`
    update run set status = 'stopping', end_reason = ${reason}, stop_requested_at = ${state.now},
      due_at = ${claimedUntil ?? dueNow(tx, state)},
      attempts = ${claimedUntil === undefined ? 0 : 1}
    where id = ${run.id} and status in ('starting', 'running')`;
}

/** At once, by the clock that claims are taken by: an account's own may be ahead of it after it was set back. */
export const dueNow = (tx: TxCtx, state: AccountState) =>
  tx.sql`least(${state.now}::timestamptz, hg_clock())`;
