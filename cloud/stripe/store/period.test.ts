import { describe, expect, it } from 'vitest';
import { seconds } from '../testing';
import { addIntervals, cycleAt, nextAnchor, prorate } from './period';

const monthly = { interval: 'month' as const, interval_count: 1 };
const first = { day_of_month: 1, hour: 0, minute: 0, second: 0, month: null };

describe('billing periods', () => {
  it('keeps the day of the anchor through short months', () => {
    const anchor = seconds('2027-01-31T10:00:00Z');
    const months = [1, 2, 3, 4].map((count) =>
      new Date(addIntervals(anchor, monthly, count) * 1000).toISOString(),
    );
    expect(months).toEqual([
      '2027-02-28T10:00:00.000Z',
      '2027-03-31T10:00:00.000Z',
      '2027-04-30T10:00:00.000Z',
      '2027-05-31T10:00:00.000Z',
    ]);
  });

  it('knows leap years', () => {
    expect(addIntervals(seconds('2028-01-31T00:00:00Z'), monthly, 1)).toBe(seconds('2028-02-29T00:00:00Z'));
    const yearly = { interval: 'year' as const, interval_count: 1 };
    expect(addIntervals(seconds('2028-02-29T00:00:00Z'), yearly, 1)).toBe(seconds('2029-02-28T00:00:00Z'));
  });

  it('finds the cycle around an instant, also before the anchor', () => {
    const anchor = seconds('2026-12-01T00:00:00Z');
    expect(cycleAt(anchor, monthly, seconds('2026-11-24T12:00:00Z'))).toEqual({
      start: seconds('2026-11-01T00:00:00Z'),
      end: anchor,
    });
    expect(cycleAt(anchor, monthly, anchor).start).toBe(anchor);
  });

  it('takes the next first of a month, and now when it is the very second', () => {
    expect(nextAnchor(first, seconds('2026-12-31T23:59:59Z'))).toBe(seconds('2027-01-01T00:00:00Z'));
    expect(nextAnchor(first, seconds('2027-01-01T00:00:00Z'))).toBe(seconds('2027-01-01T00:00:00Z'));
    expect(nextAnchor(first, seconds('2027-01-01T00:00:01Z'))).toBe(seconds('2027-02-01T00:00:00Z'));
    const last = { ...first, day_of_month: 31 };
    expect(nextAnchor(last, seconds('2027-02-10T00:00:00Z'))).toBe(seconds('2027-02-28T00:00:00Z'));
  });

  it('rounds a share to whole minor units', () => {
    const cycle = { start: 0, end: 30 * 86_400 };
    expect(prorate(1900, 0, cycle.end, cycle)).toBe(1900);
    expect(prorate(1900, 15 * 86_400, cycle.end, cycle)).toBe(950);
    expect(prorate(1000, 20 * 86_400, cycle.end, cycle)).toBe(333);
  });
});
