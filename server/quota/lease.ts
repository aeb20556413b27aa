import type { Instant } from '../clock';
import { cutAtDays, cutAtMonths, dayOf, monthOf } from './period';

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
 * Reserves up to `wantMs` from `from` on, each month from its own quota (or all from a once-only allowance), and stops
 * where the first quota is short: a lease has no holes. `availableMs` answers what a period still has to give.
 */
export function reserve(
  from: Instant,
  wantMs: number,
  once: boolean,
  availableMs: (period: PeriodKey) => number,
): Segment[] {
  const pieces = once ? [{ from, to: from + wantMs }] : cutAtMonths(from, from + wantMs);
  const segments: Segment[] = [];
  for (const piece of pieces) {
    const period = once ? TRIAL_PERIOD : monthOf(piece.from);
    const take = Math.min(piece.to - piece.from, Math.max(0, Math.floor(availableMs(period))));
    if (take > 0) segments.push({ from: piece.from, to: piece.from + take, period });
    if (take < piece.to - piece.from) break;
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
