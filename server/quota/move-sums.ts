import type { Row } from '@/db/rows';
import type { usagePeriod } from '@/db/schema/quota';
import type { TxCtx } from '../context';
import { type AccountState, type PeriodSums, quotaMsIn } from './account-state';
import type { PeriodKey } from './lease';

export type Move = { usedMs: number; heldMs: number };

export type SumsRow = Pick<Row<typeof usagePeriod>, 'quota_ms' | 'forgiven_ms' | 'used_ms' | 'held_ms'>;

/**
 * Applies differences to the sums of the periods, and updates the state to the resulting rows. A period missing from
 * the state may still have a row, so one is inserted only when there is none. The CHECK on the row refuses to exceed
 * the quota.
 */
export async function moveSums(tx: TxCtx, state: AccountState, moves: Map<PeriodKey, Move>): Promise<void> {
  await Promise.all(
    [...moves].map(async ([period, { usedMs, heldMs }]) => {
      const rows = await Promise.all([
        state.periods.has(period) ? null : addPeriod(tx, state, period),
        tx.sql<SumsRow[]>`
          update usage_period set used_ms = used_ms + ${usedMs}, held_ms = held_ms + ${heldMs}
          where account_id = ${state.accountId} and period = ${period}
          returning quota_ms, forgiven_ms, used_ms, held_ms`,
      ]).then(([, changed]) => changed);
      state.periods.set(period, inState(rows));
    }),
  );
}

/** Returns the sums of one period from the row of a statement. Throws when it changed none. */
export function inState([row]: readonly SumsRow[]): PeriodSums {
  if (!row) throw new Error('The sums of a period have no row.');
  return {
    quotaMs: row.quota_ms,
    forgivenMs: row.forgiven_ms,
    usedMs: row.used_ms,
    heldMs: row.held_ms,
  };
}

/** Inserts a row of zeros: the CHECK would refuse a row of differences although it is never written. */
const addPeriod = (tx: TxCtx, state: AccountState, period: PeriodKey) => tx.sql`
  insert into usage_period (account_id, period, quota_ms, used_ms, held_ms)
  values (${state.accountId}, ${period}, ${quotaMsIn(state, period)}, 0, 0)
  on conflict (account_id, period) do nothing`;
