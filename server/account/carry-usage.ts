import { personMarks } from '../billing/person-marks';
import type { TxCtx } from '../context';
import { type AccountState, liveSums } from '../quota/account-state';
import { adjustUsage } from '../quota/adjust-usage';
import { lockAccount } from '../quota/load-account';
import { monthOf } from '../quota/period';
import { quotaMsOf } from '../quota/plans';

/**
 * Stores what the owners of an account used this month, before their identities are deleted. Nothing is stored under an
 * unconfirmed address, which may belong to another person. Requires the account lock.
 */
export async function rememberUsage(tx: TxCtx, state: AccountState): Promise<void> {
  const period = monthOf(state.now);
  const usedMs = Math.round(liveSums(state, period).usedMs);
  await tx.sql`delete from usage_mark where period < ${period}`;
  if (usedMs <= 0) return;
  const marks = await personMarks(tx, tx.sql, state.accountId);
  await tx.sql`
    insert into usage_mark (hash, period, used_ms)
    select hash, ${period}, ${usedMs} from unnest(${marks}::text[]) as hash
    on conflict (hash, period) do update set used_ms = greatest(usage_mark.used_ms, excluded.used_ms)`;
}

/**
 * Charges a new account for what its owner used this month in a deleted one, capped at the new account's own plan, so
 * that re-registering does not reset the month. Time paid for in the new account is not reduced.
 */
export async function carryUsage(tx: TxCtx, accountId: string): Promise<void> {
  // A user who has just signed up has confirmed nothing yet, so the claimed address counts.
  const marks = await personMarks(tx, tx.sql, accountId, 'claimed');
  const state = await lockAccount(tx, accountId);
  const [row] = await tx.sql<{ used_ms: number | null }[]>`
    select max(used_ms) as used_ms from usage_mark where hash = any(${marks}) and period = ${monthOf(state.now)}`;
  const usedMs = Math.min(row?.used_ms ?? 0, quotaMsOf(state.plan) ?? Number.POSITIVE_INFINITY);
  if (usedMs <= 0) return;
  const reason = 'used this month in an account that was deleted';
  await adjustUsage(tx, { accountId, ms: usedMs, reason });
}
