import type { TxCtx } from '../context';
import { type AccountState, availableMs, periodAt, quotaMsIn, sumsOf } from './account-state';
import { addToDay, alignQuota } from './book';
import type { PeriodKey } from './lease';
import { lockAccount } from './load-account';
import { dayOf } from './period';
import { isExtra, pocketsAt } from './pockets';

/**
 * Books signed time on the current period: positive takes quota away as use would, of the month first and then of packs;
 * negative gives it back to the month. Whatever is already leased stays leased. Returns the state after it. Throws NOT_FOUND.
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

/** What of an adjustment falls on which pocket. What no pocket has room for falls on the plan's own. Pure. */
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
  const sums = sumsOf(state, period);
  const usedMs = sums.usedMs + ms;
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
    values (${state.accountId}, 'adjustment', ${period}, ${day}, ${ms}, ${reason})`;
  await addToDay(tx, state.accountId, day, ms);
  state.periods.set(period, { quotaMs, forgivenMs, usedMs, heldMs: sums.heldMs });
  if (isExtra(period)) state.extraUsedMs += ms;
}
