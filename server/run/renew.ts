import type { TxCtx } from '../context';
import { metrics } from '../metrics';
import { type AccountState, type OpenRun, quotaRules } from '../quota/account-state';
import { alignQuota, charge, hold } from '../quota/book';
import { extension, isFinal } from '../quota/grant';
import { endOf, join, lengthOf, splitAt } from '../quota/lease';
import { writeLease } from './admit';
import { stopDueAt } from './times';

/**
 * Renews a running lease under the account lock: what has elapsed goes to the ledger, what is granted is added at the
 * end. A lease never shrinks; when nothing more can be granted it is final. Keeps `run` in step.
 */
export async function renewLease(tx: TxCtx, state: AccountState, run: OpenRun): Promise<void> {
  await alignQuota(tx, state);
  const { before: elapsed, after: left } = splitAt(run.segments, state.now);
  await charge(tx, state, run.id, elapsed);
  run.segments = left;
  run.meteredTo = state.now;
  run.proofAt = state.now;
  run.usedMs += lengthOf(elapsed);

  const more = extension(state, run, quotaRules(tx.env));
  await hold(tx, state, more);
  run.segments = join(left, more);
  run.leaseUntil = endOf(more, run.leaseUntil);
  run.final = isFinal(state, run.leaseUntil);
  if (more.length > 0) metrics.leasesGranted.inc({ at: 'renewal' });
  await Promise.all([
    writeLease(tx, run.id, state.accountId, run.segments),
    tx.sql`
      update run set metered_to = ${run.meteredTo}, proof_at = ${run.proofAt}, used_ms = ${run.usedMs},
        lease_until = ${run.leaseUntil}, final = ${run.final}, due_at = ${stopDueAt(tx.env, run.leaseUntil)},
        missing_since = null
      where id = ${run.id} and status = 'running'`,
  ]);
}
