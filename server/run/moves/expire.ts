import type { AccountState, OpenRun } from '../../quota/account-state';
import { type Move, NO_MOVE } from './move';

/**
 * A lease that is over while nothing proves the machine dead: the whole hold is charged and the slot stays taken, so that
 * an unproven end is never free time. A later proof credits back.
 */
export function expireLease(state: AccountState, run: OpenRun): Move {
  if (run.startedAt === null || state.now < run.leaseUntil || run.segments.length === 0) return NO_MOVE;
  return {
    run: { meteredTo: run.leaseUntil, usedMs: run.usedMs + (run.leaseUntil - run.meteredTo) },
    books: [{ kind: 'charge', segments: run.segments }],
    segments: [],
  };
}
