import type { TxCtx } from '../context';
import { type AccountState, availableMs, periodAt, quotaMsIn } from './account-state';
import { addToDay, alignQuota } from './book';
import type { PeriodKey } from './lease';
import { lockAccount } from './load-account';
import { inState, type SumsRow } from './move-sums';
import { dayOf } from './period';
import { isExtra, pocketsAt } from './pockets';

/**
 * Books signed time on the current period. Positive time counts as use, of the month first and then of packs; negative
 * time is given back to the month. Leases stay as they are. Returns the state afterwards. Throws NOT_FOUND.
 */
export async function adjustUsage(
  tx: TxCtx,
  input: { accountId: string; ms: number; reason: string },
): Promise<AccountState> {
  const state = await lockAccount(tx, input.accountId);
  await alignQuota(tx, state);
  for (const [period, ms] of sharesOf(state, Math.round(input.ms))) {
    await bookOn(tx, state, { period, ms, reason: input.reason });
  }
  return state;
}

/**
 * Returns the share of an adjustment per pocket, in ms. Time for which no pocket has room falls on the plan's own.
 * Pure.
 */
function sharesOf(state: AccountState, ms: number): [PeriodKey, number][] {
  const own = periodAt(state.plan, state.now);
  const shares: [PeriodKey, number][] = [];
  let left = ms;
  for (const { period } of pocketsAt(state, state.now)) {
    const share = Math.min(left, Math.floor(availableMs(state, period)));
    if (share <= 0) continue;
    shares.push([period, share]);
    left -= share;
  }
  if (left === 0 && shares.length > 0) return shares;
  const [first, ...others] = shares;
  return first?.[0] === own ? [[own, first[1] + left], ...others] : [[own, left], ...shares];
}

async function bookOn(
  tx: TxCtx,
  state: AccountState,
  { period, ms, reason }: { period: PeriodKey; ms: number; reason: string },
): Promise<void> {
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
    values (${state.accountId}, 'adjustment', ${period}, ${day}, ${ms}, ${reason})`;
  await addToDay(tx, state.accountId, day, ms);
  state.periods.set(period, inState(rows));
  if (isExtra(period)) state.extraUsedMs += ms;
}
