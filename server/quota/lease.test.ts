import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byPeriod, endOf, join, lengthOf, reserve, sliceMs, splitAt, toUsage } from './lease';
import { monthOf } from './period';

const at = (text: string) => Date.parse(text);
const plenty = () => Number.POSITIVE_INFINITY;
const forever = Number.POSITIVE_INFINITY;
const months = (at: number) => [{ period: monthOf(at), until: forever }];
const once = () => [{ period: 'trial', until: forever }];
const bounds = { minMs: 10_000, maxMs: 900_000 };

describe('reserve', () => {
  it('QUOTA-8 cuts a lease over a month end into both months', () => {
    const segments = reserve(at('2026-11-30T23:59:50Z'), 20_000, months, plenty);
    expect(segments.map((s) => [s.period, s.to - s.from])).toEqual([
      ['2026-11', 10_000],
      ['2026-12', 10_000],
    ]);
  });

  it('QUOTA-2 stops at the first quota that is short and leaves no hole', () => {
    const short = (period: string) => (period === '2026-11' ? 4_000 : 1e9);
    const segments = reserve(at('2026-11-30T23:59:50Z'), 20_000, months, short);
    expect(lengthOf(segments)).toBe(4_000);
  });

  it('QUOTA-8 draws a once-only allowance from one purse over any month end', () => {
    const segments = reserve(at('2026-11-30T23:59:50Z'), 20_000, once, () => 15_000);
    expect(byPeriod(segments)).toEqual(new Map([['trial', 15_000]]));
  });
});

describe('sliceMs', () => {
  it.each([
    [4 * 3_600_000, 1, 900_000],
    [60_000, 3, 20_000],
    [12_000, 3, 10_000],
    [7_000, 3, 7_000],
    [0, 1, 0],
    [Number.POSITIVE_INFINITY, 2, 900_000],
  ])('QUOTA-3 of %d ms among %d sessions is %d ms', (available, sessions, slice) => {
    expect(sliceMs(available, sessions, bounds)).toBe(slice);
  });
});

describe('arithmetic', () => {
  const instants = fc.integer({ min: at('2026-10-30T00:00:00Z'), max: at('2027-03-02T00:00:00Z') });
  const lengths = fc.integer({ min: 1, max: 40 * 86_400_000 });

  it('QUOTA-5 pieces of days and months add up to the whole, wherever it is split', () => {
    fc.assert(
      fc.property(instants, lengths, fc.double({ min: 0, max: 1, noNaN: true }), (from, ms, share) => {
        const segments = reserve(from, ms, months, plenty);
        const { before, after } = splitAt(segments, from + Math.floor(ms * share));
        expect(lengthOf(before) + lengthOf(after)).toBe(ms);
        expect(lengthOf(join(before, after))).toBe(ms);
        expect(toUsage(segments).reduce((sum, piece) => sum + piece.ms, 0)).toBe(ms);
        expect(endOf(segments, 0)).toBe(from + ms);
      }),
    );
  });

  it('QUOTA-8 no ledger line crosses midnight', () => {
    fc.assert(
      fc.property(instants, lengths, (from, ms) => {
        for (const piece of toUsage(reserve(from, ms, months, plenty))) {
          expect(new Date(piece.from).toISOString().slice(0, 10)).toBe(piece.day);
          expect(new Date(piece.to - 1).toISOString().slice(0, 10)).toBe(piece.day);
        }
      }),
    );
  });
});
