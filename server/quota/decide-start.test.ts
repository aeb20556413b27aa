import { describe, expect, it } from 'vitest';
import type { Plan } from '../shapes';
import type { AccountState, OpenRun, QuotaRules } from './account-state';
import { decideStart, plansThatHelp } from './decide-start';
import { describeQuota, describeUpgrade, percentOf } from './describe-quota';

const now = Date.parse('2026-11-24T12:00:00Z');
const rules: QuotaRules = { minMs: 10_000, maxMs: 900_000, minStartMs: 60_000, needsConfirmed: true };

const plan = (id: string, sort: number, hours: number | null, maxSessions: number): Plan => ({
  id,
  name: id,
  description: '',
  monthlySeconds: hours === null ? null : hours * 3600,
  onceSeconds: null,
  maxSessions,
  idleStop: { minSeconds: 900, maxSeconds: 900, defaultSeconds: 900 },
  storageGb: 1,
  sort,
  visible: true,
});
const free = plan('free', 10, 4, 1);
const trial: Plan = { ...plan('trial', 20, null, 1), onceSeconds: 5 * 3600 };
const pro = plan('pro', 40, 80, 2);
const custom = plan('custom', 60, null, 5);
const plans = [free, trial, plan('starter', 30, 40, 1), pro, custom];

function state(own: Plan, usedMs: number, openRuns: OpenRun[] = [], heldMs = 0): AccountState {
  const period = own.onceSeconds === null ? '2026-11' : 'trial';
  return {
    accountId: 'a',
    status: 'active',
    isConfirmed: true,
    now,
    clockBehindMs: 0,
    grantingFrom: 0,
    plan: own,
    ownPlanId: own.id,
    subscription: null,
    prices: new Map(),
    currency: null,
    packPrices: new Map(),
    packs: [],
    extraUsedMs: 0,
    plans,
    periods: new Map([[period, { quotaMs: null, forgivenMs: 0, usedMs, heldMs }]]),
    openRuns,
  };
}

function running(fromAgoMs: number, leaseMs: number): OpenRun {
  const from = now - fromAgoMs;
  return {
    id: 'r',
    sessionId: 's',
    status: 'running',
    machineId: 'm',
    admittedAt: from,
    startedAt: from,
    meteredTo: from,
    proofAt: from,
    leaseMs,
    leaseUntil: from + leaseMs,
    final: false,
    idleStopSeconds: 900,
    chosenIdleSeconds: null,
    awakeFrom: null,
    awakeUntil: null,
    lastWorkAt: null,
    lastInputAt: null,
    agentBootId: null,
    agentSeq: null,
    stopRequestedAt: null,
    endReason: null,
    usedMs: 0,
    segments: [{ from, to: from + leaseMs, period: '2026-11' }],
  };
}

const FOUR_HOURS = 4 * 3_600_000;

describe('decideStart', () => {
  it.each([
    ['fresh', state(free, 0), null],
    ['one minute left', state(free, FOUR_HOURS - 60_000), null],
    ['less than a minute left', state(free, FOUR_HOURS - 59_999), 'QUOTA_EXCEEDED'],
    ['all used', state(free, FOUR_HOURS), 'QUOTA_EXCEEDED'],
    ['trial used', state(trial, 5 * 3_600_000), 'TRIAL_EXHAUSTED'],
    ['slot taken', state(free, 0, [running(1_000, 900_000)], 900_000), 'SESSION_LIMIT_REACHED'],
    ['rest held by another', state(pro, 0, [running(0, 80 * 3_600_000)], 80 * 3_600_000), 'QUOTA_EXCEEDED'],
    ['no limit', state(custom, 1e12), null],
    ['blocked comes first', { ...state(free, FOUR_HOURS), status: 'blocked' as const }, 'ACCOUNT_BLOCKED'],
    ['pending comes first', { ...state(free, FOUR_HOURS), status: 'pending' as const }, 'ACCOUNT_PENDING'],
    [
      'no owner has confirmed their address',
      { ...state(free, FOUR_HOURS), isConfirmed: false },
      'EMAIL_UNCONFIRMED',
    ],
    ['pending', { ...state(free, 0), status: 'pending' as const, isConfirmed: false }, 'ACCOUNT_PENDING'],
  ])('QUOTA-1 %s', (_, account, reason) => {
    expect(decideStart(account, rules)).toEqual({ allowed: reason === null, reason });
  });

  it('ACCOUNT-36 no plan lifts an address that is not confirmed, and a setting does', () => {
    const unconfirmed = { ...state(free, 0), isConfirmed: false };
    expect(plansThatHelp(unconfirmed, rules)).toEqual([]);
    expect(decideStart(unconfirmed, { ...rules, needsConfirmed: false }).allowed).toBe(true);
  });

  it('QUOTA-12 offers only bigger visible plans that lift the refusal', () => {
    expect(plansThatHelp(state(free, 15 * 3_600_000), rules).map((p) => p.id)).toEqual(['pro', 'custom']);
    expect(plansThatHelp(state(free, 0), rules)).toEqual([]);
    expect(
      describeUpgrade(state(custom, 0), rules, 'https://x', { plan: () => null, pack: () => null }),
    ).toBeNull();
    const limit = state(free, 0, [running(0, 900_000)], 900_000);
    expect(plansThatHelp(limit, rules).map((p) => p.id)).toEqual(['pro', 'custom']);
  });

  it('QUOTA-52 offers no plan of which too little of the month is left to lift the refusal', () => {
    const late = { ...state(free, FOUR_HOURS), now: Date.parse('2026-11-30T12:00:00Z') };
    const priced = {
      ...late,
      prices: new Map([
        ['starter', { usd: 900 }],
        ['pro', { usd: 1900 }],
      ]),
    };
    expect(plansThatHelp(late, rules).map((p) => p.id)).toEqual(['starter', 'pro', 'custom']);
    // Amounts of 15 and 32 cents are too small to be charged: they are due with the next invoice, and the time follows
    // then.
    expect(plansThatHelp(priced, rules).map((p) => p.id)).toEqual(['custom']);
    const offer = describeUpgrade(late, rules, 'https://x', { plan: () => null, pack: () => null });
    expect(offer?.plans.map((p) => p.thisMonthSeconds)).toEqual([
      (4 + 36 / 60) * 3600,
      (4 + 76 / 60) * 3600,
      null,
    ]);
  });
});

describe('describeQuota', () => {
  it('QUOTA-11 counts the elapsed part of an open run as used', () => {
    const quota = describeQuota(state(free, 0, [running(300_000, 900_000)], 900_000), rules);
    expect(quota).toMatchObject({ usedSeconds: 300, heldSeconds: 600, remainingSeconds: 4 * 3600 - 300 });
    expect(quota.exhaustsAt).toBe(new Date(now + FOUR_HOURS - 300_000).toISOString());
  });

  it('QUOTA-11 never reads 100 percent before it is reached', () => {
    expect(percentOf(99_960, 100_000)).toBe(99.9);
    expect(percentOf(100_000, 100_000)).toBe(100);
    expect(percentOf(0, 0)).toBe(100);
  });

  it.each([
    [0.5, 'ok'],
    [0.8, 'warn80'],
    [0.95, 'warn95'],
    [1, 'exhausted'],
    [0.9999, 'exhausted'],
  ])('QUOTA-11 a share of %d is %s', (share, level) => {
    expect(describeQuota(state(free, FOUR_HOURS * share), rules).level).toBe(level);
  });

  it('QUOTA-11 a plan without a limit says so', () => {
    const quota = describeQuota(state(custom, 5_000), rules);
    expect(quota).toMatchObject({
      level: 'unlimited',
      quotaSeconds: null,
      remainingSeconds: null,
      percent: null,
    });
  });
});
