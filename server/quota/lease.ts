import type { Instant } from '../clock';
import { cutAtDays, cutAtMonths, dayOf } from './period';

/**
 * A lease is prepaid time: contiguous segments, each drawn on one period's quota. Everything here is pure arithmetic
 * on whole milliseconds; nothing rounds, so sums of pieces always equal the whole.
 */

/** `YYYY-MM`, or the key of an allowance that is given once. */
export type PeriodKey = string;
export const TRIAL_PERIOD: PeriodKey = 'trial';

export type Segment = { from: Instant; to: Instant; period: PeriodKey };

/** A line for the ledger: time of one UTC day drawn on one period. */
export type UsagePiece = { from: Instant; to: Instant; period: PeriodKey; day: string; ms: number };

export const lengthOf = (segments: Segment[]): number => segments.reduce((sum, s) => sum + s.to - s.from, 0);

/** Milliseconds of the segments by the period they draw on. */
export function byPeriod(segments: Segment[]): Map<PeriodKey, number> {
  const sums = new Map<PeriodKey, number>();
  for (const s of segments) sums.set(s.period, (sums.get(s.period) ?? 0) + s.to - s.from);
  return sums;
}

/** The part before `at` and the part from `at` on. */
export function splitAt(segments: Segment[], at: Instant): { before: Segment[]; after: Segment[] } {
  const before: Segment[] = [];
  const after: Segment[] = [];
  for (const s of segments) {
    if (s.from < at) before.push({ ...s, to: Math.min(s.to, at) });
    if (s.to > at) after.push({ ...s, from: Math.max(s.from, at) });
  }
  return { before, after };
}

/** Ledger lines of used segments, cut at UTC midnight. */
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
 * Reserves up to `wantMs` from `from` on, each instant from the first of its pockets that has room, and stops where none
 * has: a lease has no holes. `pocketsAt` answers the pockets of an instant in their order and until when each may be used,
 * `availableMs` what one still has to give. A new month begins with its own pockets.
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

/** Appends later segments, joining neighbours that draw on the same period. */
export function join(segments: Segment[], more: Segment[]): Segment[] {
  const joined = segments.map((s) => ({ ...s }));
  for (const next of more) {
    const last = joined.at(-1);
    if (last && last.to === next.from && last.period === next.period) last.to = next.to;
    else joined.push({ ...next });
  }
  return joined;
}

/** Where a lease ends: the end of its last segment, or `otherwise` when nothing was reserved. */
export const endOf = (segments: Segment[], otherwise: Instant): Instant => segments.at(-1)?.to ?? otherwise;

export type SliceBounds = { minMs: number; maxMs: number };

/**
 * How much of `availableMs` one session may reserve: an equal share among all sessions that may still ask, within the
 * bounds, never more than there is. One session cannot hold what the plan's other sessions may need.
 */
export function sliceMs(availableMs: number, sessionsThatMayAsk: number, bounds: SliceBounds): number {
  const share = availableMs / Math.max(1, sessionsThatMayAsk);
  const slice = Math.min(Math.max(share, bounds.minMs), bounds.maxMs);
  return Math.floor(Math.max(0, Math.min(slice, availableMs)));
}
