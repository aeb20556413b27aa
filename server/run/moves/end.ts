import type { Instant } from '../../clock';
import type { Reason } from '../../errors';
import type { AccountState, OpenRun } from '../../quota/account-state';
import { lengthOf, type Segment, splitAt } from '../../quota/lease';
import type { EndReason } from '../../shapes';
import { provenEnd } from '../times';
import type { Booking, Move } from './move';

export type EndProof = {
  /** When the machine died by the provider's clock; null: at its last proof of life. */
  endAt: Instant | null;
  reason: EndReason;
  failure?: Reason;
};

type Span = { endedAt: Instant; billedTo: Instant };

/**
 * Returns the billed span of a run that is proven dead. Time after the lease end is overrun at our cost, and nothing
 * after this moment is billed, whatever the provider's clock says.
 */
export function spanOf(state: AccountState, run: OpenRun, proof: Pick<EndProof, 'endAt'>): Span {
  const endedAt = run.startedAt === null ? state.now : provenEnd(run, proof.endAt, state.now);
  return { endedAt, billedTo: Math.min(endedAt, run.leaseUntil) };
}

/**
 * Ends a run that is proven dead: elapsed time moves from held to used, the rest is released, and what was charged past
 * the proof (`chargedPast`) is credited.
 */
export function endRun(state: AccountState, run: OpenRun, proof: EndProof, chargedPast: Segment[]): Move {
  const everRan = run.startedAt !== null;
  const { endedAt, billedTo } = spanOf(state, run, proof);
  const { before, after } = everRan ? splitAt(run.segments, billedTo) : { before: [], after: run.segments };
  const books: Booking[] = [
    { kind: 'credit', segments: chargedPast },
    { kind: 'charge', segments: before },
    { kind: 'release', segments: after },
  ];
  return {
    run: {
      status: everRan || run.endReason === 'user' || run.endReason === 'deleted' ? 'stopped' : 'failed',
      endedAt,
      endReason: proof.reason,
      meteredTo: everRan ? billedTo : run.meteredTo,
      usedMs: run.usedMs + lengthOf(before) - lengthOf(chargedPast),
      overrunMs: everRan ? Math.max(0, endedAt - run.leaseUntil) : 0,
      failure: proof.failure ?? null,
      final: false,
      dueAt: null,
    },
    books,
    segments: [],
  };
}
