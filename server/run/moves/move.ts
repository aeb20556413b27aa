import type { run as runTable } from '@/db/schema/session';
import type { Instant } from '../../clock';
import type { Reason } from '../../errors';
import { type AccountState, type OpenRun, sumsOf } from '../../quota/account-state';
import { byPeriod, type Segment } from '../../quota/lease';
import { extraIn } from '../../quota/pockets';

/**
 * A transition of a run is a pure function of the account's state and the run, and returns what changes. Only `saveRun`
 * writes the change.
 */

type RunRecord = typeof runTable.$inferSelect;

/** The changes in the row of a run. Absent columns stay. */
export type RunChange = Partial<
  Pick<
    RunRecord,
    | 'status'
    | 'machineId'
    | 'startedAt'
    | 'meteredTo'
    | 'proofAt'
    | 'leaseUntil'
    | 'final'
    | 'lastInputAt'
    | 'lastWorkAt'
    | 'agentBootId'
    | 'agentSeq'
    | 'metrics'
    | 'missingSince'
    | 'stopRequestedAt'
    | 'endedAt'
    | 'endReason'
    | 'attempts'
    | 'usedMs'
    | 'overrunMs'
  >
> & {
  failure?: Reason | null;
  /**
   * `now` is at once by the clock that claims use: the account's own may be ahead of it after PostgreSQL's was set
   * back.
   */
  dueAt?: Instant | 'now' | null;
};

/**
 * The changes in the books of the account, in order. `align` sets its quota by the plan in force, and comes first in
 * every move that grants.
 */
export type Booking =
  | { kind: 'align' }
  | { kind: 'hold' | 'release' | 'charge' | 'credit'; segments: Segment[] };

export type Move = {
  run: RunChange;
  books: Booking[];
  /** The segments that the run holds afterwards; absent when unchanged. */
  segments?: Segment[];
};

export const NO_MOVE: Move = { run: {}, books: [] };

/** Returns two moves, one after the other, as one. */
export const joinMoves = (first: Move, second: Move): Move => ({
  run: { ...first.run, ...second.run },
  books: [...first.books, ...second.books],
  ...(first.segments || second.segments ? { segments: second.segments ?? first.segments } : {}),
});

type Moment = { state: AccountState; run: OpenRun };
export type Step = (state: AccountState, run: OpenRun) => Move;

/** Returns transitions, one after the other, as one move: each decides on what the previous ones have changed. */
export function inTurn({ state, run }: Moment, ...steps: Step[]): Move {
  let [joined, at] = [NO_MOVE, { state, run }];
  for (const step of steps) {
    const move = step(at.state, at.run);
    joined = joinMoves(joined, move);
    at = afterMove(at, move);
  }
  return joined;
}

/** Returns the run and its account's state after a move of an open run. Changes neither argument. */
export function afterMove({ state, run }: Moment, move: Move): Moment {
  const moved = { ...run, ...openChange(move), segments: move.segments ?? run.segments };
  const openRuns = state.openRuns.map((open) => (open.id === run.id ? moved : open));
  const extraUsedMs = state.extraUsedMs + extraUsedBy(move.books, state.now);
  return { state: { ...state, openRuns, periods: periodsAfter(state, move.books), extraUsedMs }, run: moved };
}

/** Returns the part of a move that is part of the state. */
export function openChange({ run: change }: Move): Partial<OpenRun> {
  const { dueAt, attempts, metrics, missingSince, endedAt, failure, overrunMs, status, ...known } = change;
  return status === undefined || status === 'stopped' || status === 'failed' ? known : { ...known, status };
}

const EFFECT = {
  hold: { used: 0, held: 1 },
  release: { used: 0, held: -1 },
  charge: { used: 1, held: -1 },
  credit: { used: -1, held: 0 },
};

const extraUsedBy = (books: Booking[], now: Instant): number =>
  books.reduce(
    (sum, one) => (one.kind === 'align' ? sum : sum + EFFECT[one.kind].used * extraIn(one.segments, now)),
    0,
  );

function periodsAfter(state: AccountState, books: Booking[]): AccountState['periods'] {
  const periods = new Map(state.periods);
  for (const booking of books) {
    if (booking.kind === 'align') continue;
    const { used, held } = EFFECT[booking.kind];
    for (const [period, ms] of byPeriod(booking.segments)) {
      const sums = periods.get(period) ?? sumsOf(state, period);
      periods.set(period, { ...sums, usedMs: sums.usedMs + used * ms, heldMs: sums.heldMs + held * ms });
    }
  }
  return periods;
}
