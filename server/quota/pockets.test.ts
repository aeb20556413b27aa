import { describe, expect, it } from 'vitest';
import type { Plan } from '../shapes';
import type { AccountState, PeriodSums, QuotaRules } from './account-state';
import { decideStart, packsThatHelp } from './decide-start';
import { describeQuota } from './describe-quota';
import { extension, firstSlice, isFinal } from './grant';
import { noticeKey } from './notice-thresholds';
import { packEndsAt, packQuotaMs, withPack } from './packs';
import { availableAt, pocketsAt } from './pockets';

const SEC = 1_000;
const HOUR = 3600 * SEC;
const now = Date.parse('2026-11-30T23:58:00Z');
const MONTH_END = Date.parse('2026-12-01T00:00:00Z');
const rules: QuotaRules = { minMs: 10 * SEC, maxMs: 900 * SEC, minStartMs: 60 * SEC, needsConfirmed: true };

const plan = (id: string, sort: number, hours: number | null, onceHours: number | null = null): Plan => ({
  id,
  name: id,
  description: '',
  monthlySeconds: hours === null ? null : hours * 3600,
  onceSeconds: onceHours === null ? null : onceHours * 3600,
  maxSessions: 1,
  idleStop: { minSeconds: 900, maxSeconds: 900, defaultSeconds: 900 },
  storageGb: 1,
  sort,
  visible: true,
});
const free = plan('free', 10, 4);
const trial = plan('trial', 20, null, 5);
const max = plan('max', 50, 160);
const custom = plan('custom', 60, null);
const plans = [free, trial, max, custom];

type Given = {
  own?: Plan;
  usedMs?: number;
  periods?: [string, Partial<PeriodSums>][];
  packs?: [id: string, leftMs: number, endsIn: number][];
};

function state({ own = free, usedMs = 0, periods = [], packs = [] }: Given): AccountState {
  const period = own.onceSeconds === null ? '2026-11' : 'trial';
  const zero = { quotaMs: null, forgivenMs: 0, usedMs: 0, heldMs: 0 };
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
    packPrices: new Map(),
    currency: null,
    plans,
    periods: new Map<string, PeriodSums>([
      [period, { ...zero, usedMs }],
      ...periods.map(([key, sums]): [string, PeriodSums] => [key, { ...zero, ...sums }]),
      ...packs.map(([id, leftMs]): [string, PeriodSums] => [`pack:${id}`, { ...zero, quotaMs: leftMs }]),
    ]),
    packs: packs.map(([id, leftMs, endsIn]) => ({
      id,
      key: `pack:${id}`,
      name: id,
      seconds: leftMs / SEC,
      boughtAt: now,
      endsAt: now + endsIn,
      quotaMs: leftMs,
    })),
    extraUsedMs: 0,
    openRuns: [],
  };
}
const slices = (given: Given) => firstSlice(state(given), rules).map((s) => [s.period, s.to - s.from]);

describe('QUOTA-70 QUOTA-71 the order of pockets', () => {
  it.each<[string, Given, [string, number][]]>([
    [
      'the month alone',
      {},
      [
        ['2026-11', 120 * SEC],
        ['2026-12', 780 * SEC],
      ],
    ],
    [
      'a pack until the month ends, then the new month',
      { usedMs: 4 * HOUR - 50 * SEC, packs: [['a', HOUR, 10 * HOUR]] },
      [
        ['2026-11', 50 * SEC],
        ['pack:a', 70 * SEC],
        ['2026-12', 780 * SEC],
      ],
    ],
    [
      'the pack that ends first first, and not past its end',
      {
        usedMs: 4 * HOUR,
        packs: [
          ['a', HOUR, 30 * SEC],
          ['b', 40 * SEC, 10 * HOUR],
        ],
      },
      [
        ['pack:a', 30 * SEC],
        ['pack:b', 40 * SEC],
      ],
    ],
    [
      'a trial, then packs, over the end of the month',
      { own: trial, usedMs: 5 * HOUR - 60 * SEC, packs: [['a', 100 * SEC, 10 * HOUR]] },
      [
        ['trial', 60 * SEC],
        ['pack:a', 100 * SEC],
      ],
    ],
    [
      'the rest of a trial after packs',
      {
        usedMs: 4 * HOUR,
        periods: [['trial', { quotaMs: 5 * HOUR, usedMs: 5 * HOUR - 20 * SEC }]],
        packs: [['a', 30 * SEC, 10 * HOUR]],
      },
      [
        ['pack:a', 30 * SEC],
        ['trial', 20 * SEC],
      ],
    ],
    ['none where nothing is left', { usedMs: 4 * HOUR, packs: [['a', 0, HOUR]] }, []],
  ])('%s', (_, given, expected) => {
    expect(slices(given)).toEqual(expected);
  });

  it('a lease is final only where no pocket has more', () => {
    const given = { usedMs: 4 * HOUR, packs: [['a', 100 * SEC, 10 * HOUR]] as Given['packs'] };
    expect(isFinal(state(given), now)).toBe(false);
    expect(isFinal(state({ usedMs: 4 * HOUR }), now)).toBe(true);
    expect(isFinal(state({ usedMs: 4 * HOUR }), MONTH_END)).toBe(false);
    const run = { leaseUntil: now + 30 * SEC } as never;
    expect(extension(state(given), run, rules)).toEqual([
      { from: now + 30 * SEC, to: MONTH_END, period: 'pack:a' },
      { from: MONTH_END, to: MONTH_END + 10 * SEC, period: '2026-12' },
    ]);
  });

  it('what may be reserved of a pack ends with it', () => {
    const one = state({ usedMs: 4 * HOUR, packs: [['a', HOUR, 45 * SEC]] });
    expect(availableAt(one, now)).toBe(45 * SEC);
    expect(decideStart(one, rules).reason).toBe('QUOTA_EXCEEDED');
    expect(pocketsAt(one, now + 45 * SEC).map(({ period }) => period)).toEqual(['2026-11']);
  });
});

describe('QUOTA-70 what is told', () => {
  it.each<[string, Given, Record<string, unknown>]>([
    [
      'nothing bought',
      { usedMs: HOUR },
      { extraSeconds: 0, remainingSeconds: 3 * 3600, percent: 25, level: 'ok' },
    ],
    [
      'a pack beside a used up month',
      { usedMs: 4 * HOUR, packs: [['a', 12 * HOUR, 10 * HOUR]] },
      {
        extraSeconds: 12 * 3600,
        remainingSeconds: 12 * 3600,
        percent: 25,
        level: 'ok',
        usedSeconds: 4 * 3600,
      },
    ],
    [
      'a cut below what was used takes nothing from a pack',
      { usedMs: 6 * HOUR, packs: [['a', 2 * HOUR, 10 * HOUR]] },
      { extraSeconds: 2 * 3600, remainingSeconds: 2 * 3600, percent: 75 },
    ],
    [
      'no limit',
      { own: custom },
      { extraSeconds: 0, remainingSeconds: null, percent: null, level: 'unlimited' },
    ],
  ])('%s', (_, given, expected) => {
    expect(describeQuota(state(given), rules)).toMatchObject(expected);
  });

  it('QUOTA-12 packs are offered for time and not for a session limit', () => {
    const ids = (given: Given) => packsThatHelp(state(given), rules).map(({ id }) => id);
    expect(ids({ usedMs: 4 * HOUR })).toEqual(['pack10', 'pack50']);
    expect(ids({ own: max, usedMs: 160 * HOUR })).toEqual(['pack10', 'pack50']);
    expect(ids({ own: trial, usedMs: 5 * HOUR })).toEqual(['pack10', 'pack50']);
    expect(ids({})).toEqual([]);
    const full = { ...state({}), plan: { ...free, maxSessions: 0 } };
    expect(decideStart(full, rules).reason).toBe('SESSION_LIMIT_REACHED');
    expect(packsThatHelp(full, rules)).toEqual([]);
  });

  it('QUOTA-17 a pack makes thresholds news again', () => {
    const before = state({});
    expect(noticeKey(before)).toBe('2026-11');
    const after = withPack(before, { id: 'pack10', name: '10 hours', seconds: 36_000 });
    expect(noticeKey(after)).toMatch(/^2026-11 pack:/);
  });
});

describe('BILLING-61 what a pack is worth', () => {
  it.each([
    [{ refunded: 0, disputed: false }, 36_000 * SEC],
    [{ refunded: 100, disputed: false }, 27_000 * SEC],
    [{ refunded: 133, disputed: false }, 24_030 * SEC],
    [{ refunded: 400, disputed: false }, 0],
    [{ refunded: 0, disputed: true }, 0],
  ])('%j', (money, expected) => {
    expect(packQuotaMs({ seconds: 36_000, amount: 400, ...money })).toBe(expected);
  });

  it.each([
    ['2026-11-29T10:00:00Z', '2027-11-29T10:00:00.000Z'],
    ['2027-12-31T23:59:59Z', '2028-12-31T23:59:59.000Z'],
    ['2028-02-29T12:00:00Z', '2029-03-01T12:00:00.000Z'],
  ])('bought %s it ends %s', (boughtAt, endsAt) => {
    expect(new Date(packEndsAt(Date.parse(boughtAt))).toISOString()).toBe(endsAt);
  });
});
