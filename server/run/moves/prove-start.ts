import type { Instant } from '../../clock';
import type { Env } from '../../env';
import type { AccountState, OpenRun } from '../../quota/account-state';
import { isFinal, resegment } from '../../quota/grant';
import { endOf } from '../../quota/lease';
import { runningDueAt } from '../times';
import { afterMove, type Booking, type Move, NO_MOVE } from './move';

/**
 * Records the first proof of running, which fixes once where billing begins and where the first lease ends: at that
 * instant plus the reserved slice. A later proof never moves it.
 */
export function proveStart(
  env: Pick<Env, 'LEASE_GUARD_SECONDS'>,
  state: AccountState,
  run: OpenRun,
  provenAt: Instant,
): Move {
  if (run.startedAt !== null || isTooLate(run, provenAt)) return NO_MOVE;
  const startAt = Math.min(Math.max(provenAt, run.admittedAt), state.now);
  const freed: Booking = { kind: 'release', segments: run.segments };
  const segments = resegment(after(state, run, freed), startAt, run.leaseMs);
  const books: Booking[] = [freed, { kind: 'hold', segments }];
  const leaseUntil = endOf(segments, startAt);
  return {
    run: {
      status: run.status === 'starting' ? 'running' : run.status,
      startedAt: startAt,
      meteredTo: startAt,
      proofAt: startAt,
      leaseUntil,
      final: isFinal(after(state, run, ...books), leaseUntil),
      dueAt: run.status === 'stopping' ? 'now' : runningDueAt(env, run, leaseUntil, state.now),
    },
    books,
    segments,
  };
}

const after = (state: AccountState, run: OpenRun, ...books: Booking[]): AccountState =>
  afterMove({ state, run }, { run: {}, books }).state;

/**
 * Returns whether a machine started only after its boot was given up: it is never charged. An earlier start that is
 * proven late is.
 */
const isTooLate = (run: OpenRun, provenAt: Instant): boolean =>
  run.endReason === 'boot_timeout' && run.stopRequestedAt !== null && provenAt >= run.stopRequestedAt;
