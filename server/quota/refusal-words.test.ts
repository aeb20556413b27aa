import { describe, expect, it } from 'vitest';
import type { Quota } from '../shapes';
import { refusalWords, shownFigures } from './refusal-words';

const quota = (more: Partial<Quota>): Quota => ({
  plan: { id: 'free', name: 'Free' },
  periodStart: '2026-11-01T00:00:00.000Z',
  periodEnd: '2026-12-01T00:00:00.000Z',
  quotaSeconds: 14_400,
  usedSeconds: 14_398,
  heldSeconds: 0,
  extraSeconds: 0,
  remainingSeconds: 2,
  percent: 99.9,
  level: 'exhausted',
  exhaustsAt: null,
  ...more,
});
const reader = { day: (iso: string) => iso.slice(0, 10) };
const textOf = (...args: Parameters<typeof refusalWords>) => {
  const { title, text } = refusalWords(...args);
  return `${title}. ${text}`;
};

describe('the words of a refusal', () => {
  it('QUOTA-46 an exhausted quota is all used with nothing left, whatever rest no start could use', () => {
    expect(shownFigures(quota({}))).toEqual({
      usedSeconds: 14_400,
      leftSeconds: 0,
      wholeSeconds: 14_400,
      percent: 100,
    });
    expect(textOf('QUOTA_EXCEEDED', { quota: quota({}) }, reader)).toBe(
      'Your compute quota is used up. 4 h of 4 h used, 0 s left. It resets on 2026-12-01 (00:00 UTC).',
    );
    expect(textOf('TRIAL_EXHAUSTED', { quota: quota({ quotaSeconds: 18_000 }) }, reader)).toBe(
      'Your trial is used up. 5 h of 5 h used, 0 s left. A plan or a pack lets you go on at once.',
    );
    // A cut or an adjustment may leave more used than the quota.
    expect(shownFigures(quota({ usedSeconds: 20_000 })).usedSeconds).toBe(20_000);
  });

  it('QUOTA-46 what is not exhausted is told as it is', () => {
    const short = quota({ level: 'warn95', usedSeconds: 14_360, remainingSeconds: 40, percent: 99.7 });
    expect(shownFigures(short)).toMatchObject({ usedSeconds: 14_360, leftSeconds: 40, percent: 99.7 });
    expect(textOf('QUOTA_EXCEEDED', { quota: short }, reader)).toMatch(
      /^The rest of your compute quota is in use\. 3 h 59 min of 4 h used, 40 s left, and your running/,
    );
    const unlimited = quota({
      level: 'unlimited',
      quotaSeconds: null,
      remainingSeconds: null,
      percent: null,
    });
    expect(shownFigures(unlimited)).toMatchObject({ leftSeconds: null, percent: null });
  });

  it('QUOTA-70 with packs the whole is what is used and what is left together', () => {
    const packed = quota({
      level: 'ok',
      usedSeconds: 18_000,
      extraSeconds: 32_400,
      remainingSeconds: 32_400,
    });
    expect(shownFigures(packed)).toMatchObject({ leftSeconds: 32_400, wholeSeconds: 50_400 });
    // A used-up pack, after the month.
    expect(shownFigures(quota({ usedSeconds: 50_400 }))).toMatchObject({
      leftSeconds: 0,
      wholeSeconds: 50_400,
    });
  });

  it('SESSION-52 a session limit speaks of sessions at once and not of time', () => {
    const limits = { maxSessions: 1, activeSessions: 1 };
    expect(textOf('SESSION_LIMIT_REACHED', { limits }, reader)).toBe(
      'Your plan runs 1 session at once. 1 is active. Stop one first, or choose a plan that runs more at once.',
    );
  });

  it('BILLING-45 a blocked account reads where to write to', () => {
    const text = (supportEmail?: string) => textOf('ACCOUNT_BLOCKED', {}, { ...reader, supportEmail });
    expect(text('help@hourglass.test')).toContain('Write to help@hourglass.test');
    expect(text()).toContain('Write to support');
  });
});
