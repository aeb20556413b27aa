import type { Instant } from '../clock';

/** UTC calendar arithmetic. A month is `YYYY-MM`, a day `YYYY-MM-DD`; both begin at 00:00 UTC. */

const DAY_MS = 86_400_000;

export type Day = string;
export type Month = string;

export const dayOf = (at: Instant): Day => new Date(at).toISOString().slice(0, 10);
export const monthOf = (at: Instant): Month => new Date(at).toISOString().slice(0, 7);
const startOfDay = (at: Instant): Instant => Math.floor(at / DAY_MS) * DAY_MS;
const endOfDay = (at: Instant): Instant => startOfDay(at) + DAY_MS;

/** Returns the instants at which the UTC month around `at` and the next one begin. */
export function monthAround(at: Instant): { startAt: Instant; endAt: Instant } {
  const date = new Date(at);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  return { startAt: Date.UTC(year, month, 1), endAt: Date.UTC(year, month + 1, 1) };
}

export type Piece = { from: Instant; to: Instant };

function cut(from: Instant, to: Instant, endOf: (at: Instant) => Instant): Piece[] {
  const pieces: Piece[] = [];
  for (let at = from; at < to; ) {
    const end = Math.min(to, endOf(at));
    pieces.push({ from: at, to: end });
    at = end;
  }
  return pieces;
}

/** Returns `[from, to)` in pieces that cross no UTC midnight and add up to the whole. */
export const cutAtDays = (from: Instant, to: Instant): Piece[] => cut(from, to, endOfDay);

/** Returns `[from, to)` in pieces that cross no end of a UTC month. */
export const cutAtMonths = (from: Instant, to: Instant): Piece[] =>
  cut(from, to, (at) => monthAround(at).endAt);
