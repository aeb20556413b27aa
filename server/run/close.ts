import type { Row } from '@/db/rows';
import type { usageEntry } from '@/db/schema/quota';
import type { Instant } from '../clock';
import type { TxCtx } from '../context';
import { metrics } from '../metrics';
import type { AccountState, OpenRun } from '../quota/account-state';
import type { Segment } from '../quota/lease';
import { type EndProof, endRun, spanOf } from './moves/end';
import { notifyQuota, notifyStopped } from './notify-quota';
import { saveRun } from './save-run';

/**
 * Ends a run that is proven dead, and notifies those concerned. Requires the account lock. Returns the overrun in ms.
 * Idempotent: a run that has ended is not open.
 */
export async function closeRun(
  tx: TxCtx,
  state: AccountState,
  run: OpenRun,
  proof: EndProof,
): Promise<number> {
  const { endedAt, billedTo } = spanOf(state, run, proof);
  const isPast = run.startedAt !== null && billedTo < run.meteredTo;
  const chargedPast = isPast ? await chargedAfter(tx, run.id, billedTo) : [];
  const move = endRun(state, run, proof, chargedPast);
  await saveRun(tx, state, run, move);
  await Promise.all([
    notifyQuota(tx, state),
    proof.reason === 'quota' ? notifyStopped(tx, state.accountId, run.id, run.sessionId) : null,
  ]);
  const overrunMs = move.run.overrunMs ?? 0;
  tx.afterCommit(() => recordEnd(run, proof, endedAt, overrunMs));
  return overrunMs;
}

/** Returns what the ledger charged this run after `until`, as segments of the charged periods. */
async function chargedAfter(tx: TxCtx, runId: string, until: Instant): Promise<Segment[]> {
  const rows = await tx.sql<
    (Pick<Row<typeof usageEntry>, 'period'> & {
      [Name in keyof Pick<Row<typeof usageEntry>, 'from_at' | 'to_at'>]: Instant;
    })[]
  >`
    select from_at, to_at, period from usage_entry
    where run_id = ${runId} and kind = 'run' and to_at > ${until} order by from_at`;
  return rows.map((row) => ({ from: Math.max(row.from_at, until), to: row.to_at, period: row.period }));
}

function recordEnd(run: OpenRun, { reason }: EndProof, endedAt: Instant, overrunMs: number): void {
  metrics.runsEnded.inc({ reason });
  if (overrunMs > 0) metrics.overrunSeconds.inc(overrunMs / 1000);
  if (run.startedAt !== null && (reason === 'quota' || reason === 'limit')) {
    metrics.stopLateness.observe((endedAt - run.leaseUntil) / 1000);
  }
}
