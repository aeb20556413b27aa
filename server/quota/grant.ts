import type { Instant } from '../clock';
import {
  type AccountState,
  availableMs,
  isClockBehind,
  isHeldBack,
  type OpenRun,
  type QuotaRules,
  sumsOf,
} from './account-state';
import { type PeriodKey, reserve, type Segment, sliceMs } from './lease';
import { availableAt, pocketsAt } from './pockets';

/** Returns how many sessions may still request a share: every slot of the plan whose run is not ending. */
function sessionsThatMayAsk(state: AccountState): number {
  const ending = state.openRuns.filter((run) => run.status === 'stopping').length;
  return Math.max(1, state.plan.maxSessions - ending);
}

const draw = (
  state: AccountState,
  from: Instant,
  wantMs: number,
  room: (period: PeriodKey) => number,
): Segment[] => reserve(from, wantMs, (at) => pocketsAt(state, at), room);

/** Returns the first slice of a new run, laid out from now until its start is proven. Pure. */
export function firstSlice(state: AccountState, rules: QuotaRules): Segment[] {
  const available = availableAt(state, state.now);
  const wantMs = sliceMs(available, sessionsThatMayAsk(state), rules);
  return draw(state, state.now, wantMs, (period) => availableMs(state, period));
}

/**
 * Returns the segments that a renewal adds to a lease: up to a fair slice from now on, never shortening the lease; none
 * while nothing may be granted. Pure.
 */
export function extension(state: AccountState, run: OpenRun, rules: QuotaRules): Segment[] {
  if (isHeldBack(state) || isClockBehind(state)) return [];
  const leftMs = Math.max(0, run.leaseUntil - state.now);
  const available = availableAt(state, run.leaseUntil);
  const wantMs = sliceMs(available + leftMs, sessionsThatMayAsk(state), rules) - leftMs;
  if (wantMs <= 0) return [];
  return draw(state, run.leaseUntil, wantMs, (period) => availableMs(state, period));
}

/**
 * Returns the same slice laid out from its proven start. Call it after the run's own hold was released, so that granted
 * time is granted again even after a cut of the quota. Pure.
 */
export function resegment(state: AccountState, startAt: Instant, leaseMs: number): Segment[] {
  const room = (period: PeriodKey) => {
    const { quotaMs, forgivenMs, usedMs, heldMs } = sumsOf(state, period);
    return quotaMs === null ? Number.POSITIVE_INFINITY : quotaMs + forgivenMs - usedMs - heldMs;
  };
  return draw(state, startAt, leaseMs, room);
}

/** Returns whether nothing is left to extend a lease that ends at `until`. The user is then warned. Pure. */
export function isFinal(state: AccountState, until: Instant): boolean {
  return availableAt(state, until) < 1;
}
