import type { TxCtx } from '../context';
import { type AccountState, quotaMsIn } from './account-state';
import { byPeriod, type PeriodKey, type Segment, TRIAL_PERIOD, toUsage, type UsagePiece } from './lease';
import { inState, type Move, moveSums, type SumsRow } from './move-sums';
import { isPackKey } from './packs';
import { monthOf } from './period';
import { isOnce } from './plans';
import { extraIn } from './pockets';

/**
 * Writes to the books of one account. Every function requires the account lock and the state read under it, changes
 * rows by differences, and updates that state, so that several changes fit in one transaction.
 */

/**
 * Sets the quota of current and later periods and of packs to what the plan in force and the payments give. After a
 * cut, exactly the time already used or leased is forgiven. Must come first in every transaction that grants time.
 */
export async function alignQuota(tx: TxCtx, state: AccountState): Promise<void> {
  const once = isOnce(state.plan);
  const current = monthOf(state.now);
  for (const [period, sums] of state.periods) {
    const isMonth = !isPackKey(period) && period !== TRIAL_PERIOD;
    if (isMonth && (once || period < current)) continue;
    const quotaMs = quotaMsIn(state, period);
    if (sums.quotaMs === quotaMs) continue;
    const rows = await tx.sql<SumsRow[]>`
      update usage_period set quota_ms = ${quotaMs}, forgiven_ms = greatest(0, used_ms + held_ms - ${quotaMs}::bigint)
      where account_id = ${state.accountId} and period = ${period}
      returning quota_ms, forgiven_ms, used_ms, held_ms`;
    state.periods.set(period, inState(rows));
  }
}

function sumMoves(changes: { segments: Segment[]; used: number; held: number }[]): Map<PeriodKey, Move> {
  const moves = new Map<PeriodKey, Move>();
  for (const { segments, used, held } of changes) {
    for (const [period, ms] of byPeriod(segments)) {
      const move = moves.get(period) ?? { usedMs: 0, heldMs: 0 };
      moves.set(period, { usedMs: move.usedMs + used * ms, heldMs: move.heldMs + held * ms });
    }
  }
  return moves;
}

/** Adds newly reserved segments to the held time. */
export const hold = (tx: TxCtx, state: AccountState, segments: Segment[]): Promise<void> =>
  moveSums(tx, state, sumMoves([{ segments, used: 0, held: 1 }]));

/** Takes held segments that will not be used off the held time. */
export const release = (tx: TxCtx, state: AccountState, segments: Segment[]): Promise<void> =>
  moveSums(tx, state, sumMoves([{ segments, used: 0, held: -1 }]));

/** Moves used segments of a run from held to used and writes their ledger entries. */
export async function charge(
  tx: TxCtx,
  state: AccountState,
  runId: string,
  segments: Segment[],
): Promise<void> {
  if (segments.length === 0) return;
  await Promise.all([
    moveSums(tx, state, sumMoves([{ segments, used: 1, held: -1 }])),
    writeEntries(tx, state.accountId, runId, 'run', toUsage(segments)),
  ]);
  state.extraUsedMs += extraIn(segments, state.now);
}

/** Gives charged segments back when a proof shows that the machine was already dead. */
export async function credit(
  tx: TxCtx,
  state: AccountState,
  runId: string,
  segments: Segment[],
): Promise<void> {
  if (segments.length === 0) return;
  const back = toUsage(segments).map((piece) => ({ ...piece, ms: -piece.ms }));
  await Promise.all([
    moveSums(tx, state, sumMoves([{ segments, used: -1, held: 0 }])),
    writeEntries(tx, state.accountId, runId, 'credit', back),
  ]);
  state.extraUsedMs -= extraIn(segments, state.now);
}

async function writeEntries(
  tx: TxCtx,
  accountId: string,
  runId: string,
  kind: 'run' | 'credit',
  pieces: UsagePiece[],
): Promise<void> {
  await Promise.all(
    pieces.flatMap((p) => [
      tx.sql`
        insert into usage_entry (account_id, run_id, kind, period, day, from_at, to_at, ms)
        values (${accountId}, ${runId}, ${kind}, ${p.period}, ${p.day}, ${p.from}, ${p.to}, ${p.ms})`,
      addToDay(tx, accountId, p.day, p.ms),
    ]),
  );
}

/** Adds signed time, in ms, to the sum of a day. */
export const addToDay = (tx: TxCtx, accountId: string, day: string, ms: number) => tx.sql`
  insert into usage_day (account_id, day, ms) values (${accountId}, ${day}, ${ms})
  on conflict (account_id, day) do update set ms = usage_day.ms + excluded.ms`;
