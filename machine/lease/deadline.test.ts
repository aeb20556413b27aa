import { describe, expect, it } from 'vitest';
import {
  goodbyeParts,
  hardEndAt,
  inWords,
  nextAskAt,
  patienceMs,
  politeEndAt,
  restMs,
  warningsBefore,
} from './deadline';

const lease = (leaseMs: number, final = false) => ({ sentAt: 1_000, leaseMs, final, guardMs: 2_000 });

describe('a lease', () => {
  it.each([
    [lease(900_000), 301_000],
    [lease(10_000), 1_000 + 10_000 / 3],
    [lease(7_000), 2_000],
    [lease(900_000, true), 6_000],
    [lease(9_000, true), 2_000],
    // Half a second before hanging up, so that a payment made a moment ago counts.
    [lease(4_000, true), 2_000],
    [lease(3_500, true), 1_000 + 3_500 - 2_000 - 350 - 500],
  ])('MACHINE-21 %j is asked about at %d', (given, at) => {
    expect(nextAskAt(given, 1_000)).toBeCloseTo(at, 6);
  });

  it('MACHINE-27 several tries fit into what is left', () => {
    expect(patienceMs(lease(900_000), 301_000)).toBe(5_000);
    expect(patienceMs(lease(15_000), 6_000)).toBe(2_000);
    expect(patienceMs(lease(15_000), 13_900)).toBe(500);
  });

  it('MACHINE-21 tries come sooner the less is left, and never at once', () => {
    expect(restMs(lease(900_000), 301_000, 5_000)).toBe(5_000);
    expect(restMs(lease(15_000), 6_000, 5_000)).toBe(1_000);
    expect(restMs(lease(15_000), 13_900, 5_000)).toBe(50);
  });

  it('MACHINE-20 ends a guard early, and begins to hang up before that', () => {
    expect(hardEndAt(lease(900_000))).toBe(899_000);
    expect(politeEndAt(lease(900_000))).toBe(897_000);
    expect(politeEndAt(lease(4_000))).toBe(1_000 + 4_000 - 2_000 - 400);
  });

  it('MACHINE-20 warns 10, 5 and 1 minutes before, never in the past', () => {
    expect(warningsBefore(700_000, 0).map(({ leftMs }) => leftMs)).toEqual([600_000, 300_000, 60_000]);
    expect(warningsBefore(200_000, 0).map(({ leftMs }) => leftMs)).toEqual([60_000]);
    expect([600_000, 60_000, 45_000].map(inWords)).toEqual(['10 minutes', '1 minute', '45 seconds']);
  });

  it('MACHINE-20 a goodbye never takes longer than what is left', () => {
    for (const leftMs of [0, 40, 100, 400, 1_000, 2_000, 60_000]) {
      const now = hardEndAt(lease(900_000)) - leftMs;
      const { hangUpMs, syncMs, stoppedMs } = goodbyeParts(lease(900_000), now);
      expect(Math.min(hangUpMs, syncMs, stoppedMs)).toBeGreaterThanOrEqual(0);
      expect(hangUpMs + syncMs + stoppedMs).toBeLessThanOrEqual(leftMs);
      expect(hangUpMs + syncMs + stoppedMs).toBeLessThanOrEqual(2_500);
    }
  });
});
