import { type Ctx, inTx, type TxCtx } from '../context';
import type { AccountState, OpenRun } from '../quota/account-state';
import { charge } from '../quota/book';
import { lockAccount } from '../quota/load-account';
import { writeLease } from './admit';
import { whyDue } from './end-reason';
import { requestStop } from './request-stop';
import type { RunRow } from './run-row';
import { CLAIM_MS } from './times';

/**
 * What the clock and the plan decide about an open run: a boot that never came up, a session that a smaller plan does
 * not cover, a lease that is about to end, a lease that ended without a proof of death. Looks again under the lock, so
 * that a renewal or a proof committed meanwhile counts. Returns the run as it is then, or null when it has ended.
 */
export async function applyClock(ctx: Ctx, claimed: RunRow): Promise<RunRow | null> {
  if (isDecided(claimed)) return claimed;
  return inTx(ctx, async (tx) => {
    const state = await lockAccount(tx, claimed.account_id);
    const run = state.openRuns.find((open) => open.id === claimed.id);
    if (!run) return null;
    const reason = whyDue(tx.env, state, run);
    if (reason) await requestStop(tx, state, run, reason, state.now + CLAIM_MS);
    if (run.startedAt !== null && state.now >= run.leaseUntil) await chargeWholeLease(tx, state, run);
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

/** True when the clock has nothing to say: the run is ending, and its lease still runs or is charged. Pure. */
const isDecided = (run: RunRow): boolean =>
  run.status === 'stopping' &&
  (run.started_at === null || run.now < run.lease_until || run.metered_to >= run.lease_until);

/**
 * The lease is over and nothing proves the machine dead: the whole hold is charged and the slot stays taken, so that
 * an unproven end is never free time. A later proof credits back.
 */
async function chargeWholeLease(tx: TxCtx, state: AccountState, run: OpenRun): Promise<void> {
  if (run.segments.length === 0) return;
  const usedMs = run.usedMs + (run.leaseUntil - run.meteredTo);
  await charge(tx, state, run.id, run.segments);
  run.segments = [];
  run.meteredTo = run.leaseUntil;
  run.usedMs = usedMs;
  await Promise.all([
    writeLease(tx, run.id, state.accountId, []),
    tx.sql`update run set metered_to = lease_until, used_ms = ${usedMs} where id = ${run.id}`,
  ]);
}
