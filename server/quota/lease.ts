import type { Instant } from '../clock';
import { cutAtDays, cutAtMonths, dayOf } from './period';

/**
 * A lease is prepaid time: contiguous segments, each charged to one period. Everything here is pure arithmetic on whole
 * milliseconds; nothing rounds, so the pieces always add up to the whole.
 */

/** `YYYY-MM`, or the key of a one-time allowance or a pack. */
export type PeriodKey = string;
export const TRIAL_PERIOD: PeriodKey = 'trial';

export type Segment = { from: Instant; to: Instant; period: PeriodKey };

/** A line of the ledger: time of one UTC day, charged to one period. */
export type UsagePiece = { from: Instant; to: Instant; period: PeriodKey; day: string; ms: number };

export const lengthOf = (segments: Segment[]): number => segments.reduce((sum, s) => sum + s.to - s.from, 0);

/** Returns the length of the segments in ms, by period. */
export function byPeriod(segments: Segment[]): Map<PeriodKey, number> {
  const sums = new Map<PeriodKey, number>();
  for (const s of segments) sums.set(s.period, (sums.get(s.period) ?? 0) + s.to - s.from);
  return sums;
}

/** Returns the part before `at` and the part from `at` on. */
export function splitAt(segments: Segment[], at: Instant): { before: Segment[]; after: Segment[] } {
  const before: Segment[] = [];
  const after: Segment[] = [];
  for (const s of segments) {
    if (s.from < at) before.push({ ...s, to: Math.min(s.to, at) });
    if (s.to > at) after.push({ ...s, from: Math.max(s.from, at) });
  }
  return { before, after };
}

/** Returns the ledger lines of used segments, cut at UTC midnight. */
export function toUsage(segments: Segment[]): UsagePiece[] {
  return segments.flatMap((s) =>
    cutAtDays(s.from, s.to).map(({ from, to }) => ({
      from,
      to,
      period: s.period,
      day: dayOf(from),
      ms: to - from,
    })),
  );
}

/**
 * Reserves up to `wantMs` from `from` on, each instant from the first of its pockets that has room, and ends where none
 * has: a lease has no gaps. `pocketsAt` returns the pockets of an instant in order, each with the end of its use;
 * `availableMs` returns what is left in one. A new month begins with its own pockets.
 */
export function reserve(
  from: Instant,
  wantMs: number,
  pocketsAt: (at: Instant) => { period: PeriodKey; until: Instant }[],
  availableMs: (period: PeriodKey) => number,
): Segment[] {
  const rooms = new Map<PeriodKey, number>();
  const roomIn = (period: PeriodKey) => rooms.get(period) ?? Math.max(0, Math.floor(availableMs(period)));
  let segments: Segment[] = [];
  for (const piece of cutAtMonths(from, from + wantMs)) {
    for (let at = piece.from; at < piece.to; ) {
      const pocket = pocketsAt(at).find(({ period }) => roomIn(period) > 0);
      if (!pocket) return segments;
      const room = roomIn(pocket.period);
      const to = Math.min(piece.to, pocket.until, at + room);
      segments = join(segments, [{ from: at, to, period: pocket.period }]);
      rooms.set(pocket.period, room - (to - at));
      at = to;
    }
  }
  return segments;
}

/** Appends later segments and joins neighbours of the same period. */
export function join(segments: Segment[], more: Segment[]): Segment[] {
  const joined = segments.map((s) => ({ ...s }));
  for (const next of more) {
    const last = joined.at(-1);
    if (last && last.to === next.from && last.period === next.period) last.to = next.to;
    else joined.push({ ...next });
  }
  return joined;
}

/** Returns the end of the last segment, or `otherwise` without segments. */
export const endOf = (segments: Segment[], otherwise: Instant): Instant => segments.at(-1)?.to ?? otherwise;

export type SliceBounds = { minMs: number; maxMs: number };

/**
 * Returns how much of `availableMs` one session may reserve: an equal share among all sessions that may still ask,
 * within the bounds, never more than there is. One session cannot hold what others may need.
 */
export function sliceMs(availableMs: number, sessionsThatMayAsk: number, bounds: SliceBounds): number {
  const share = availableMs / Math.max(1, sessionsThatMayAsk);
  const slice = Math.min(Math.max(share, bounds.minMs), bounds.maxMs);
  return Math.floor(Math.max(0, Math.min(slice, availableMs)));
}
