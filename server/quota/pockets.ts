import type { Instant } from '../clock';
import { type AccountState, availableMs, liveSums, periodAt, quotaMsIn } from './account-state';
import { lengthOf, type PeriodKey, type Segment, splitAt, TRIAL_PERIOD } from './lease';
import { isPackKey } from './packs';
import { monthAround } from './period';
import { isOnce } from './plans';

/**
 * A pocket is what time is charged to: the quota of a month, an allowance given once, or a pack. Each second is charged to
 * one of them. All of it pure.
 */
export type Pocket = { period: PeriodKey; until: Instant };

/** The pockets beside the plan's own: packs, the one that ends first first, then what is left of a trial beside a plan. */
function extraPockets(state: AccountState): Pocket[] {
  const packs = state.packs.map(({ key, endsAt }) => ({ period: key, until: endsAt }));
  const hasTrialRest = !isOnce(state.plan) && (quotaMsIn(state, TRIAL_PERIOD) ?? 0) > 0;
  return hasTrialRest ? [...packs, { period: TRIAL_PERIOD, until: Number.POSITIVE_INFINITY }] : packs;
}

/** The pockets that may be used at an instant, in the order they are used in. */
export const pocketsAt = (state: AccountState, at: Instant): Pocket[] => [
  { period: periodAt(state.plan, at), until: Number.POSITIVE_INFINITY },
  ...extraPockets(state).filter(({ until }) => until > at),
];

/** What may still be reserved from an instant on, in ms: what is left in the pockets, of a pack no more than until its end. */
export const availableAt = (state: AccountState, at: Instant): number =>
  pocketsAt(state, at).reduce(
    (sum, { period, until }) => sum + Math.min(availableMs(state, period), until - at),
    0,
  );

/** What is left beside the plan's own quota, in ms, the elapsed part of open runs counted as used. */
export const extraMs = (state: AccountState): number =>
  extraPockets(state)
    .filter(({ until }) => until > state.now)
    .reduce((sum, { period }) => {
      const quotaMs = quotaMsIn(state, period) ?? 0;
      return sum + Math.max(0, quotaMs - liveSums(state, period).usedMs);
    }, 0);

/** True for what no month pays: packs, and an allowance that is given once. */
export const isExtra = (period: PeriodKey): boolean => isPackKey(period) || period === TRIAL_PERIOD;

/** How much of the segments was lived in the month around `now` and is charged to none of the months. */
export function extraIn(segments: Segment[], now: Instant): number {
  const { startAt, endAt } = monthAround(now);
  const extra = segments.filter(({ period }) => isExtra(period));
  return lengthOf(splitAt(splitAt(extra, endAt).before, startAt).after);
}

/**
 * Everything used in the current period as of now, whichever pocket paid it. An allowance that is given once has no month:
 * beside it, what was used of packs counts whole.
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
