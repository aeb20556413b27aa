import type { Instant } from '../clock';
import type { TxCtx } from '../context';
import type { AccountState, OpenRun } from '../quota/account-state';
import { hold, release } from '../quota/book';
import { isFinal, resegment } from '../quota/grant';
import { endOf } from '../quota/lease';
import { writeLease } from './admit';
import { dueNow } from './request-stop';
import { stopDueAt } from './times';

/**
 * The first proof of running fixes, once, where billing begins and where the first lease ends: at that instant plus
 * the slice that was reserved. A proof that comes later never moves it. Under the account lock; keeps `run` in step.
 */
export async function proveStart(
  tx: TxCtx,
  state: AccountState,
  run: OpenRun,
  provenAt: Instant,
): Promise<void> {
  if (run.startedAt !== null || isTooLate(run, provenAt)) return;
  const startAt = Math.min(Math.max(provenAt, run.admittedAt), state.now);
  await release(tx, state, run.segments);
  const segments = resegment(state, startAt, run.leaseMs);
  await hold(tx, state, segments);
  run.startedAt = startAt;
  run.meteredTo = startAt;
  run.proofAt = startAt;
  run.segments = segments;
  run.leaseUntil = endOf(segments, startAt);
  run.final = isFinal(state, run.leaseUntil);
  if (run.status === 'starting') run.status = 'running';
  await Promise.all([
    writeLease(tx, run.id, state.accountId, segments),
    tx.sql`
      update run set status = ${run.status}, started_at = ${startAt}, metered_to = ${startAt}, proof_at = ${startAt},
        lease_until = ${run.leaseUntil}, final = ${run.final}, due_at = ${
          run.status === 'stopping' ? dueNow(tx, state) : stopDueAt(tx.env, run.leaseUntil)
        }
      where id = ${run.id}`,
  ]);
}

/** A machine that started only after its boot was given up is never charged; an earlier start heard of late is. Pure. */
const isTooLate = (run: OpenRun, provenAt: Instant): boolean =>
  run.endReason === 'boot_timeout' && run.stopRequestedAt !== null && provenAt >= run.stopRequestedAt;
