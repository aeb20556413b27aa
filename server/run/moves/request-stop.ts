import type { Instant } from '../../clock';
import type { AccountState, OpenRun } from '../../quota/account-state';
import type { EndReason } from '../../shapes';
import { type Move, NO_MOVE } from './move';

/**
 * Decides that an open run ends now, and why. The first reason stays. The machine is told after the commit, by the
 * caller or by the timekeeper, whoever comes first; who decides and tells in one look keeps his claim, and that look
 * is the first.
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
