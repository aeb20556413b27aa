import { personMarks } from '../billing/person-marks';
import type { TxCtx } from '../context';
import { type AccountState, liveSums } from '../quota/account-state';
import { adjustUsage } from '../quota/adjust-usage';
import { lockAccount } from '../quota/load-account';
import { monthOf } from '../quota/period';
import { quotaMsOf } from '../quota/plans';

/**
 * Remembers what the owners of an account used this month, before who they are is forgotten. Nothing is written under an
 * address that nobody confirmed: it may be another person's. Under the account lock.
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
 * Books on a fresh account what its owner used this month in one that was deleted, as far as the account's own plan
 * goes: a second account is no second month, and a plan that is paid for here loses nothing to one that was paid there.
 */
export async function carryUsage(tx: TxCtx, accountId: string): Promise<void> {
  // Whoever has just signed up has confirmed nothing yet.
  const marks = await personMarks(tx, tx.sql, accountId, 'claimed');
  const state = await lockAccount(tx, accountId);
  const [row] = await tx.sql<{ used_ms: number | null }[]>`
    select max(used_ms) as used_ms from usage_mark where hash = any(${marks}) and period = ${monthOf(state.now)}`;
  const usedMs = Math.min(row?.used_ms ?? 0, quotaMsOf(state.plan) ?? Number.POSITIVE_INFINITY);
  if (usedMs <= 0) return;
  const reason = 'used this month in an account that was deleted';
  await adjustUsage(tx, { accountId, ms: usedMs, reason });
}
