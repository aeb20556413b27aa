import type { AccountState, OpenRun } from '../../quota/account-state';
import { type Move, NO_MOVE } from './move';

/**
 * Ends a lease without a proof of death: the whole hold is charged and the slot stays taken, so that an unproven end is
 * never free time. A later proof credits what was too much.
 */
export function expireLease(state: AccountState, run: OpenRun): Move {
  if (run.startedAt === null || state.now < run.leaseUntil || run.segments.length === 0) return NO_MOVE;
  return {
    run: { meteredTo: run.leaseUntil, usedMs: run.usedMs + (run.leaseUntil - run.meteredTo) },
    books: [{ kind: 'charge', segments: run.segments }],
    segments: [],
  };
}
