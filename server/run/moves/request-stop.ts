import type { Instant } from '../../clock';
import type { AccountState, OpenRun } from '../../quota/account-state';
import type { EndReason } from '../../shapes';
import { type Move, NO_MOVE } from './move';

/**
 * Marks an open run as stopping; the first reason wins. The machine is told after the commit, by the caller or the
 * timekeeper. Pass `claimedUntil` when the caller holds the claim and stops the machine in the same check.
 */
export function requestStop(
  state: AccountState,
  run: OpenRun,
  reason: EndReason,
  claimedUntil?: Instant,
): Move {
  if (run.status === 'stopping') return NO_MOVE;
  return {
    run: {
      status: 'stopping',
      endReason: reason,
      stopRequestedAt: state.now,
      dueAt: claimedUntil ?? 'now',
      attempts: claimedUntil === undefined ? 0 : 1,
    },
    books: [],
  };
}
