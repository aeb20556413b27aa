import type { TxCtx } from '../context';
import { type AccountState, periodAt, quotaMsIn } from './account-state';
import { addToDay, alignQuota } from './book';
import { lockAccount } from './load-account';
import { inState, type SumsRow } from './move-sums';
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
  const ms = Math.round(input.ms);
  const quotaMs = quotaMsIn(state, period);
  const day = dayOf(state.now);
  const rows = await tx.sql<SumsRow[]>`
    insert into usage_period as u (account_id, period, quota_ms, used_ms, forgiven_ms)
    values (${state.accountId}, ${period}, ${quotaMs}, ${ms}, greatest(0, ${ms}::bigint - ${quotaMs}::bigint))
    on conflict (account_id, period) do update
      set used_ms = u.used_ms + ${ms}, quota_ms = ${quotaMs},
        forgiven_ms = greatest(0, u.used_ms + ${ms} + u.held_ms - ${quotaMs}::bigint)
    returning quota_ms, forgiven_ms, used_ms, held_ms`;
  await tx.sql`
    insert into usage_entry (account_id, kind, period, day, ms, reason)
    values (${state.accountId}, 'adjustment', ${period}, ${day}, ${ms}, ${input.reason})`;
  await addToDay(tx, state.accountId, day, ms);
  state.periods.set(period, inState(rows));
  return state;
}
