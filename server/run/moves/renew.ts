import type { Env } from '../../env';
import { type AccountState, type OpenRun, quotaRules } from '../../quota/account-state';
import { extension, isFinal } from '../../quota/grant';
import { endOf, join, lengthOf, splitAt } from '../../quota/lease';
import { runningDueAt } from '../times';
import { afterMove, type Booking, type Move } from './move';

/**
 * A machine with a final lease calls up to every second; its elapsed time is charged no more often than this, in ms.
 */
const CHARGE_EVERY_MS = 60_000;

/**
 * Renews a running lease: elapsed time goes to the ledger, granted time is added at the end. A lease never shrinks;
 * when nothing more can be granted it is final.
 */
export function renewLease(env: Env, state: AccountState, run: OpenRun): Move {
  const { before: elapsed, after: left } = splitAt(run.segments, state.now);
  const charged: Move = {
    run: { meteredTo: state.now, proofAt: state.now, usedMs: run.usedMs + lengthOf(elapsed) },
    books: [{ kind: 'align' }, { kind: 'charge', segments: elapsed }],
    segments: left,
  };
  const metered = afterMove({ state, run }, charged);
  const more = extension(metered.state, metered.run, quotaRules(env));
  if (more.length === 0 && lengthOf(elapsed) < CHARGE_EVERY_MS) return askedInVain(env, state, run);
  const books: Booking[] = [...charged.books, { kind: 'hold', segments: more }];
  const leaseUntil = endOf(more, run.leaseUntil);
  return {
    run: {
      ...charged.run,
      leaseUntil,
      final: isFinal(afterMove({ state, run }, { run: {}, books }).state, leaseUntil),
      dueAt: runningDueAt(env, run, leaseUntil, state.now),
      missingSince: null,
    },
    books,
    segments: join(left, more),
  };
}

/** Records a call that gets nothing more as a proof of life. Elapsed time stays held and is charged later. */
const askedInVain = (env: Env, state: AccountState, run: OpenRun): Move => ({
  run: {
    proofAt: state.now,
    final: isFinal(state, run.leaseUntil),
    dueAt: runningDueAt(env, run, run.leaseUntil, state.now),
    missingSince: null,
  },
  books: [{ kind: 'align' }],
});
