import type { TxCtx } from '../context';
import { type AccountState, periodAt, quotaMsIn, sumsOf } from './account-state';
import { addToDay, alignQuota } from './book';
import { lockAccount } from './load-account';
import { dayOf } from './period';

/**
 * Books signed time on the current period: positive takes quota away, negative gives it back. Whatever is already
 * leased stays leased. Returns the state after it. Throws NOT_FOUND.
 */
export async function adjustUsage(
  tx: TxCtx,
  input: { accountId: string; ms: number; reason: string },
): Promise<AccountState> {
  const state = await lockAccount(tx, input.accountId);
  await alignQuota(tx, state);
  const period = periodAt(state.plan, state.now);
  const sums = sumsOf(state, period);
  const usedMs = sums.usedMs + Math.round(input.ms);
  const quotaMs = quotaMsIn(state, period);
  const forgivenMs = quotaMs === null ? 0 : Math.max(0, usedMs + sums.heldMs - quotaMs);
  const day = dayOf(state.now);
  await tx.sql`
    insert into usage_period (account_id, period, quota_ms, used_ms, held_ms, forgiven_ms)
    values (${state.accountId}, ${period}, ${quotaMs}, ${usedMs}, ${sums.heldMs}, ${forgivenMs})
    on conflict (account_id, period) do update
      set used_ms = excluded.used_ms, quota_ms = excluded.quota_ms, forgiven_ms = excluded.forgiven_ms`;
  await tx.sql`
    insert into usage_entry (account_id, kind, period, day, ms, reason)
    values (${state.accountId}, 'adjustment', ${period}, ${day}, ${Math.round(input.ms)}, ${input.reason})`;
  await addToDay(tx, state.accountId, day, Math.round(input.ms));
  state.periods.set(period, { quotaMs, forgivenMs, usedMs, heldMs: sums.heldMs });
  return state;
}
