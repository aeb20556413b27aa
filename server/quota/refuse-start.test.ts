import { describe, expect, it } from 'vitest';
import { composeMail } from '../mail/compose-mail';
import type { Plan } from '../shapes';
import type { AccountState } from './account-state';
import { describeQuota } from './describe-quota';
import { describeStanding } from './describe-standing';
import { refuseStart } from './refuse-start';

const now = Date.parse('2026-11-24T12:00:00Z');
const env = {
  LEASE_MIN_SECONDS: 10,
  LEASE_MAX_SECONDS: 900,
  MIN_START_SECONDS: 60,
  APP_URL: 'http://localhost:3000',
} as never;
const rules = { minMs: 10_000, maxMs: 900_000, minStartMs: 60_000, needsConfirmed: true };

function state(quotaSeconds: number, usedMs: number, once = false): AccountState {
  const plan: Plan = {
    id: once ? 'trial' : 'free',
    name: once ? 'Trial' : 'Free',
    description: '',
    monthlySeconds: once ? null : quotaSeconds,
    onceSeconds: once ? quotaSeconds : null,
    maxSessions: 1,
    idleStop: { minSeconds: 900, maxSeconds: 900, defaultSeconds: 900 },
    storageGb: 1,
    sort: 10,
    visible: true,
  };
  const period = once ? 'trial' : '2026-11';
  return {
    accountId: 'a',
    status: 'active',
    isConfirmed: true,
    now,
    plan,
    ownPlanId: plan.id,
    clockBehindMs: 0,
    grantingFrom: 0,
    subscription: null,
    plans: [plan],
    prices: new Map(),
    currency: null,
    packPrices: new Map(),
    packs: [],
    extraUsedMs: 0,
    periods: new Map([[period, { quotaMs: quotaSeconds * 1000, forgivenMs: 0, usedMs, heldMs: 0 }]]),
    openRuns: [],
  };
}

describe('a refusal', () => {
  it.each([
    [90, 61_000, '1 min 30 s of 1 min 30 s used, 0 s left'],
    [59, 59_000, '59 s of 59 s used, 0 s left'],
    [5_400, 5_400_000, '1 h 30 min of 1 h 30 min used, 0 s left'],
    [14_400, 14_399_000, '4 h of 4 h used, 0 s left'],
  ])('QUOTA-25 of a quota of %d s with %d ms used says %s', (quota, used, words) => {
    expect(refuseStart({ env }, state(quota, used), 'QUOTA_EXCEEDED').message).toContain(words);
    expect(refuseStart({ env }, state(quota, used, true), 'TRIAL_EXHAUSTED').message).toContain(words);
  });

  it('QUOTA-27 of a trial promises no reset, and neither does its email', () => {
    expect(refuseStart({ env }, state(300, 300_000, true), 'TRIAL_EXHAUSTED').message).not.toMatch(/reset/i);
    const message = (period: string) =>
      composeMail(
        'quota.threshold',
        { threshold: 100, planName: 'Trial', period },
        'http://x',
      ).paragraphs.join(' ');
    expect(message('trial')).not.toMatch(/first of the month/);
    expect(message('2026-11')).toMatch(/first of the month/);
  });

  it('QUOTA-28 a quota of zero is exhausted, and says so', () => {
    const standing = describeStanding({ env }, state(0, 0));
    expect(standing.start).toEqual({ allowed: false, reason: 'QUOTA_EXCEEDED' });
    expect(standing.quota).toMatchObject({ level: 'exhausted', percent: 100, remainingSeconds: 0 });
  });

  it('QUOTA-28 99.5 percent read 99.5, and a trial is counted by its own allowance', () => {
    expect(describeQuota(state(100_000, 99_500_000), rules)).toMatchObject({
      percent: 99.5,
      level: 'warn95',
    });
    expect(describeQuota(state(18_000, 9_000_000, true), rules)).toMatchObject({
      quotaSeconds: 18_000,
      percent: 50,
    });
  });
});
