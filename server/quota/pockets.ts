import type { Instant } from '../clock';
import { type AccountState, availableMs, liveSums, periodAt, quotaMsIn } from './account-state';
import { lengthOf, type PeriodKey, type Segment, splitAt, TRIAL_PERIOD } from './lease';
import { isPackKey } from './packs';
import { monthAround } from './period';
import { isOnce } from './plans';

/**
 * A pocket is a source of time: the quota of a month, a one-time allowance, or a pack. Each second is charged to one of
 * them. Everything here is pure.
 */
export type Pocket = { period: PeriodKey; until: Instant };

/**
 * Returns the pockets beside the plan's own: packs in the order of their end, then the rest of a trial beside a plan.
 */
function extraPockets(state: AccountState): Pocket[] {
  const packs = state.packs.map(({ key, endsAt }) => ({ period: key, until: endsAt }));
  const hasTrialRest = !isOnce(state.plan) && (quotaMsIn(state, TRIAL_PERIOD) ?? 0) > 0;
  return hasTrialRest ? [...packs, { period: TRIAL_PERIOD, until: Number.POSITIVE_INFINITY }] : packs;
}

/** Returns the pockets usable at an instant, in the order of their use. */
export const pocketsAt = (state: AccountState, at: Instant): Pocket[] => [
  { period: periodAt(state.plan, at), until: Number.POSITIVE_INFINITY },
  ...extraPockets(state).filter(({ until }) => until > at),
];

/**
 * Returns what may still be reserved from an instant on, in ms: the rest of each pocket, of a pack no more than the
 * time until its end.
 */
export const availableAt = (state: AccountState, at: Instant): number =>
  pocketsAt(state, at).reduce(
    (sum, { period, until }) => sum + Math.min(availableMs(state, period), until - at),
    0,
  );

/** Returns what is left beside the plan's own quota, in ms, with the elapsed part of open runs counted as used. */
export const extraMs = (state: AccountState): number =>
  extraPockets(state)
    .filter(({ until }) => until > state.now)
    .reduce((sum, { period }) => {
      const quotaMs = quotaMsIn(state, period) ?? 0;
      return sum + Math.max(0, quotaMs - liveSums(state, period).usedMs);
    }, 0);

/** Returns whether a period is a pack or a one-time allowance. */
export const isExtra = (period: PeriodKey): boolean => isPackKey(period) || period === TRIAL_PERIOD;

/** Returns how much of the segments, in ms, lies in the month around `now` and is charged to no month. */
export function extraIn(segments: Segment[], now: Instant): number {
  const { startAt, endAt } = monthAround(now);
  const extra = segments.filter(({ period }) => isExtra(period));
  return lengthOf(splitAt(splitAt(extra, endAt).before, startAt).after);
}

/**
 * Returns everything used in the current period as of now, in ms, from all pockets. A one-time allowance has no month:
 * with it, the use of packs counts whole.
 */
export function usedMs(state: AccountState): number {
  const period = periodAt(state.plan, state.now);
  const own = liveSums(state, period).usedMs;
  if (isOnce(state.plan)) return state.packs.reduce((sum, { key }) => sum + liveSums(state, key).usedMs, own);
  const elapsed = state.openRuns
    .filter((run) => run.startedAt !== null)
    .reduce((sum, run) => sum + extraIn(splitAt(run.segments, state.now).before, state.now), 0);
  return own + state.extraUsedMs + elapsed;
}
