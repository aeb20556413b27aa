import { expect, it } from 'vitest';
import { nextNote } from './use-notes';
import type { Notice } from './wire';

const stop: Notice = { level: 'warning', text: 'Stops.', why: 'Quota.', cause: 'quota', stopsInMs: 30_000 };
const other: Notice = { level: 'warning', text: 'Your compute quota is nearly used up.' };

it('SESSION-115 a notice without a stop does not hide the one that counts down', () => {
  const counting = nextNote(null, stop, 1_000);
  expect(counting).toEqual({ ...stop, stopsAt: 31_000 });
  expect(nextNote(counting, other, 30_999)).toBe(counting);
  expect(nextNote(counting, other, 31_000)).toEqual({ ...other, stopsAt: null });
  expect(nextNote(counting, { ...stop, stopsInMs: 10_000 }, 2_000).stopsAt).toBe(12_000);
  expect(nextNote(counting, { level: 'final', text: 'Ended.' }, 2_000).text).toBe('Ended.');
  expect(nextNote(nextNote(null, other, 0), stop, 5).stopsAt).toBe(30_005);
});
