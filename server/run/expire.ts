import { type Ctx, inTx } from '../context';
import { lockAccount } from '../quota/load-account';
import { whyDue } from './end-reason';
import { expireLease } from './moves/expire';
import { inTurn, NO_MOVE, type Step } from './moves/move';
import { requestStop } from './moves/request-stop';
import type { RunRow } from './run-row';
import { saveRun } from './save-run';
import { CLAIM_MS } from './times';

/**
 * Applies the clock and the plan to an open run: a boot that timed out, a session over a smaller plan's limit, a lease
 * about to end, a lease that ended without a proof of death. Decides under the lock, so that a renewal or a proof
 * committed meanwhile counts. Returns the run afterwards, or null when it has ended.
 */
export async function applyClock(ctx: Ctx, claimed: RunRow): Promise<RunRow | null> {
  if (isDecided(claimed)) return claimed;
  return inTx(ctx, async (tx) => {
    const state = await lockAccount(tx, claimed.account_id);
    const run = state.openRuns.find((open) => open.id === claimed.id);
    if (!run) return null;
    const reason = whyDue(tx.env, state, run);
    const stop: Step = (s, r) => (reason ? requestStop(s, r, reason, s.now + CLAIM_MS) : NO_MOVE);
    await saveRun(tx, state, run, inTurn({ state, run }, stop, expireLease));
    return {
      ...claimed,
      status: run.status,
      machine_id: run.machineId,
      started_at: run.startedAt,
      metered_to: run.meteredTo,
      lease_until: run.leaseUntil,
      stop_requested_at: run.stopRequestedAt,
      end_reason: run.endReason,
      attempts: reason ? 1 : claimed.attempts,
      now: state.now,
    };
  });
}

/** Returns whether the clock decides nothing: the run is ending, and its lease still runs or is charged. Pure. */
const isDecided = (run: RunRow): boolean =>
  run.status === 'stopping' &&
  (run.started_at === null || run.now < run.lease_until || run.metered_to >= run.lease_until);
