import type { AnchorConfig } from './billing-records';

export interface Interval {
  interval: 'day' | 'week' | 'month' | 'year';
  interval_count: number;
}

const DAY_SECONDS = 86_400;

/** Returns `instant` moved by `count` intervals. A day that the target month lacks becomes the month's last day. */
export function addIntervals(instant: number, { interval, interval_count }: Interval, count: number): number {
  const steps = interval_count * count;
  if (interval === 'day') return instant + steps * DAY_SECONDS;
  if (interval === 'week') return instant + steps * 7 * DAY_SECONDS;
  return addMonths(instant, interval === 'year' ? steps * 12 : steps);
}

function addMonths(instant: number, months: number): number {
  const date = new Date(instant * 1000);
  const index = date.getUTCFullYear() * 12 + date.getUTCMonth() + months;
  const [year, month] = [Math.floor(index / 12), ((index % 12) + 12) % 12];
  const day = Math.min(date.getUTCDate(), daysIn(year, month));
  const secondOfDay = ((instant % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
  return Date.UTC(year, month, day) / 1000 + secondOfDay;
}

const daysIn = (year: number, month: number) => new Date(Date.UTC(year, month + 1, 0)).getUTCDate();

/** Returns the full cycle of `anchor` with start ≤ `instant` < end. The anchor may lie before or after the instant. */
export function cycleAt(anchor: number, every: Interval, instant: number): { start: number; end: number } {
  const spanSeconds = addIntervals(anchor, every, 1) - anchor;
  let count = Math.floor((instant - anchor) / spanSeconds);
  while (addIntervals(anchor, every, count) > instant) count--;
  while (addIntervals(anchor, every, count + 1) <= instant) count++;
  return { start: addIntervals(anchor, every, count), end: addIntervals(anchor, every, count + 1) };
}

/**
 * Returns the first instant at or after `now` that fits the anchor; unnamed parts come from `now`. Throws an Error
 * when no instant within a year fits.
 */
export function nextAnchor(config: AnchorConfig, now: number): number {
  const date = new Date(now * 1000);
  const time =
    (config.hour ?? date.getUTCHours()) * 3600 +
    (config.minute ?? (config.hour === null ? date.getUTCMinutes() : 0)) * 60 +
    (config.second ?? (config.hour === null ? date.getUTCSeconds() : 0));
  for (let ahead = 0; ahead <= 12; ahead++) {
    const index = date.getUTCFullYear() * 12 + date.getUTCMonth() + ahead;
    const [year, month] = [Math.floor(index / 12), index % 12];
    if (config.month !== null && config.month !== month + 1) continue;
    const day = Math.min(config.day_of_month, daysIn(year, month));
    const instant = Date.UTC(year, month, day) / 1000 + time;
    if (instant >= now) return instant;
  }
  throw new Error('No such anchor within a year.');
}

/** Returns `amount` × the share of the full cycle between two instants, rounded to whole minor units. */
export function prorate(
  amount: number,
  from: number,
  to: number,
  cycle: { start: number; end: number },
): number {
  return Math.round((amount * (to - from)) / (cycle.end - cycle.start));
}
