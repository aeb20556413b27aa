import { describe, expect, it } from 'vitest';
import { formatAllowance, formatDuration } from './duration';
import { formatReset, formatTime, formatUtc } from './instant';

describe('durations', () => {
  it.each([
    [0, '0 s'],
    [59.999, '59 s'],
    [65, '1 min 05 s'],
    [725, '12 min 05 s'],
    [3600, '1 h'],
    [11_520, '3 h 12 min'],
    [-5, '0 s'],
  ])('QUOTA-11 %d seconds read %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it('QUOTA-11 an allowance is written short', () => {
    expect(formatAllowance(144_000)).toBe('40 h');
    expect(formatAllowance(1800)).toBe('30 min');
    expect(formatAllowance(null)).toBe('no limit');
  });
});

describe('instants', () => {
  const now = Date.parse('2026-11-24T12:00:00Z');

  it('QUOTA-11 a reset is a date and the time until it', () => {
    expect(formatReset('2026-12-01T00:00:00.000Z', now)).toBe('1 Dec, in 6 days');
    expect(formatReset('2026-12-01T00:00:00.000Z', Date.parse('2026-11-30T20:30:00Z'))).toBe('1 Dec, in 3 h');
  });

  it('SESSION-12 times are in the time zone of the visitor, with the day when it is not today', () => {
    expect(formatTime('2026-11-24T14:32:00.000Z', now, 'UTC')).toBe('14:32');
    expect(formatTime('2026-11-25T14:32:00.000Z', now, 'Europe/Zurich')).toBe('25 Nov, 15:32');
    expect(formatUtc('2026-12-01T00:00:00.000Z')).toBe('2026-12-01 00:00 UTC');
  });
});
