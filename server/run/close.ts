import type { Instant } from '../clock';
import type { TxCtx } from '../context';
import type { Reason } from '../errors';
import { metrics } from '../metrics';
import type { AccountState, OpenRun } from '../quota/account-state';
import { charge, credit, release } from '../quota/book';
import { lengthOf, type Segment, splitAt } from '../quota/lease';
import type { EndReason } from '../shapes';
import { notifyQuota, notifyStopped } from './notify-quota';
import { endOf } from './times';

export type EndProof = {
  /** When the machine was dead by the provider's clock; null: at its last proof of life. */
  endAt: Instant | null;
  reason: EndReason;
  failure?: Reason;
};

/**
 * Ends a run that is proven dead: elapsed time moves from held to used, the rest is released, time charged past the
 * proof is credited back. Nothing after the lease end is billed: that is overrun, our loss; nor anything after this
 * moment, whatever the provider's clock says. Under the account lock;
 * returns the overrun in ms. Doing it twice does it once.
 */
export async function closeRun(
  tx: TxCtx,
  state: AccountState,
  run: OpenRun,
  proof: EndProof,
): Promise<number> {
  const everRan = run.startedAt !== null;
  const endedAt = everRan ? endOf(run, proof.endAt, state.now) : state.now;
  const billedTo = Math.min(endedAt, run.leaseUntil);
  const overrunMs = everRan ? Math.max(0, endedAt - run.leaseUntil) : 0;
  const usedMs = everRan ? await settleTo(tx, state, run, billedTo) : await releaseAll(tx, state, run);
  const status = everRan || run.endReason === 'user' || run.endReason === 'deleted' ? 'stopped' : 'failed';

  state.openRuns = state.openRuns.filter((open) => open.id !== run.id);
  await Promise.all([
    tx.sql`
      update run set status = ${status}, ended_at = ${endedAt}, end_reason = ${proof.reason},
        metered_to = ${everRan ? billedTo : run.meteredTo}, used_ms = ${run.usedMs + usedMs}, overrun_ms = ${overrunMs},
        failure = ${proof.failure ?? null}, final = false, due_at = null
      where id = ${run.id} and ended_at is null`,
    tx.sql`delete from lease where run_id = ${run.id}`,
    notifyQuota(tx, state),
    proof.reason === 'quota' ? notifyStopped(tx, state.accountId, run.id, run.sessionId) : null,
  ]);
  recordEnd(run, proof.reason, endedAt, overrunMs);
  return overrunMs;
}

/** Settles up to `until`; returns the signed change of the run's used ms. */
async function settleTo(tx: TxCtx, state: AccountState, run: OpenRun, until: Instant): Promise<number> {
  if (until < run.meteredTo) {
    const back = await chargedAfter(tx, run.id, until);
    await credit(tx, state, run, back);
    await release(tx, state, run.segments);
    return -lengthOf(back);
  }
  const { before, after } = splitAt(run.segments, until);
  await charge(tx, state, run.id, before);
  await release(tx, state, after);
  return lengthOf(before);
}

async function releaseAll(tx: TxCtx, state: AccountState, run: OpenRun): Promise<number> {
  await release(tx, state, run.segments);
  return 0;
}

/** What the ledger charged this run after `until`, as segments of the periods it was charged to. */
async function chargedAfter(tx: TxCtx, runId: string, until: Instant): Promise<Segment[]> {
  const rows = await tx.sql<{ from_at: Instant; to_at: Instant; period: string }[]>`
    select from_at, to_at, period from usage_entry
    where run_id = ${runId} and kind = 'run' and to_at > ${until} order by from_at`;
  return rows.map((row) => ({ from: Math.max(row.from_at, until), to: row.to_at, period: row.period }));
}

function recordEnd(run: OpenRun, reason: EndReason, endedAt: Instant, overrunMs: number): void {
  metrics.runsEnded.inc({ reason });
  if (overrunMs > 0) metrics.overrunSeconds.inc(overrunMs / 1000);
  if (run.startedAt !== null && (reason === 'quota' || reason === 'limit')) {
    metrics.stopLateness.observe((endedAt - run.leaseUntil) / 1000);
  }
}
