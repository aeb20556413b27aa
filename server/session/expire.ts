import { type Ctx, inTx, type TxCtx } from '../context';
import type { AccountState, OpenRun } from '../quota/account-state';
import { charge } from '../quota/book';
import { lockAccount } from '../quota/load-account';
import type { EndReason } from '../shapes';
import { writeLease } from './admit';
import { isExcess } from './excess';
import { stopDueAt } from './prove-start';
import { requestStop } from './request-stop';

/** Why a lease is not renewed: its quota is gone, or nobody asked in time. */
export const leaseEndReason = (run: OpenRun): EndReason => (run.final ? 'quota' : 'limit');

/**
 * What the clock and the plan decide about an open run: a boot that never came up, a session that a smaller plan does
 * not cover, a lease that is about to end, a lease that ended without a proof of death. Looks again under the lock, so that a renewal or a proof committed meanwhile counts.
 */
export async function applyClock(ctx: Ctx, accountId: string, runId: string): Promise<void> {
  await inTx(ctx, async (tx) => {
    const state = await lockAccount(tx, accountId);
    const run = state.openRuns.find((open) => open.id === runId);
    if (!run) return;
    const bootEndsAt = run.admittedAt + ctx.env.BOOT_TIMEOUT_SECONDS * 1000;
    if (run.status === 'starting' && state.now >= bootEndsAt)
      await requestStop(tx, state, run, 'boot_timeout');
    if (isExcess(state, run)) await requestStop(tx, state, run, 'plan');
    if (run.startedAt === null) return;
    if (run.status === 'running' && state.now >= stopDueAt(tx, run.leaseUntil)) {
      await requestStop(tx, state, run, leaseEndReason(run));
    }
    if (state.now >= run.leaseUntil) await chargeWholeLease(tx, state, run);
  });
}

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
