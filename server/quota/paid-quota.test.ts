import { describe, expect, it } from 'vitest';
import type { Plan } from '../shapes';
import { directionOf } from './direction';
import type { BoughtTime, Subscription } from './effective-plan';
import { chargeNow, restAmount } from './first-charge';
import { type Buyer, thisMonthSeconds } from './if-bought';
import { monthSeconds, type Payer } from './paid-quota';

const HOUR = 3600;
const plan = (id: string, sort: number, hours: number | null, onceHours: number | null = null): Plan => ({
  id,
  name: id,
  description: '',
  monthlySeconds: hours === null ? null : hours * HOUR,
  onceSeconds: onceHours === null ? null : onceHours * HOUR,
  maxSessions: 1,
  idleStop: { minSeconds: 900, maxSeconds: 900, defaultSeconds: 900 },
  storageGb: 1,
  sort,
  visible: true,
});
const PLANS = [
  plan('free', 10, 4),
  plan('trial', 20, null, 5),
  plan('starter', 30, 40),
  plan('pro', 40, 80),
  plan('max', 50, 160),
  plan('custom', 60, null),
];

const at = (iso: string) => Date.parse(iso);
const bought = (planId: string, from: string, to: string, share = 1): BoughtTime => ({
  planId,
  from: at(from),
  to: at(to),
  share,
});
const sub = (planId: string, more: Partial<Subscription> = {}): Subscription => ({
  planId,
  status: 'active',
  periodEnd: at('2026-12-01T00:00:00Z'),
  paidUntil: at('2026-12-01T00:00:00Z'),
  cancelAt: null,
  pendingPlanId: null,
  pendingAt: null,
  bought: [],
  ...more,
});
const payer = (now: string, subscription: Subscription | null, ownPlanId = 'free'): Payer => ({
  now: at(now),
  plans: PLANS,
  ownPlanId,
  subscription,
});
const hours = (seconds: number | null) => (seconds === null ? null : seconds / HOUR);
const NOV = '2026-11';
const DEC = '2026-12';

describe('QUOTA-48 the month in which a plan begins or replaces a smaller one', () => {
  it.each([
    ['2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z', 720],
    ['2026-11-16T00:00:00Z', '2026-12-01T00:00:00Z', 720],
    ['2026-11-28T18:42:00Z', '2026-12-01T00:00:00Z', 720],
    ['2026-11-30T23:59:59Z', '2026-12-01T00:00:00Z', 720],
    ['2027-02-27T00:00:00Z', '2027-03-01T00:00:00Z', 672],
    ['2028-02-15T12:34:56Z', '2028-03-01T00:00:00Z', 696],
    ['2026-12-31T00:00:01Z', '2027-01-01T00:00:00Z', 744],
  ])('bought %s it adds the rest of the month, floored to a second', (from, to, monthHours) => {
    const left = (at(to) - at(from)) / 1000;
    const state = payer(from, sub('max', { periodEnd: at(to), bought: [bought('max', from, to)] }));
    expect(monthSeconds(state, from.slice(0, 7))).toBe(
      4 * HOUR + Math.floor((156 * HOUR * left) / (monthHours * HOUR)),
    );
  });

  it('adds the difference to the plan it replaces, for the rest that is charged', () => {
    const from = '2026-11-21T00:00:00Z';
    const end = '2026-12-01T00:00:00Z';
    const lines = [
      bought('pro', '2026-11-01T00:00:00Z', end),
      bought('pro', from, end, -1),
      bought('max', from, end),
    ];
    expect(hours(monthSeconds(payer(from, sub('max', { bought: lines })), NOV))).toBe(
      80 + Math.floor((80 * HOUR) / 3) / HOUR,
    );
  });

  it('a year counts in proportion at its ends and whole between', () => {
    const year = [bought('max', '2026-11-16T00:00:00Z', '2027-11-16T00:00:00Z')];
    const until = at('2027-11-16T00:00:00Z');
    const yearly = sub('max', { bought: year, periodEnd: until, paidUntil: until });
    const now = payer('2026-11-16T00:00:00Z', yearly);
    expect(hours(monthSeconds(now, NOV))).toBe(4 + 78);
    expect(hours(monthSeconds({ ...now, now: at('2027-02-10T00:00:00Z') }, '2027-02'))).toBe(160);
    const last = payer('2027-11-10T00:00:00Z', { ...yearly, cancelAt: until });
    expect(hours(monthSeconds(last, '2027-11'))).toBe(4 + 78);
  });

  it('months that do not begin on the first add what is paid of each', () => {
    const lines = [bought('max', '2026-11-16T00:00:00Z', '2026-12-16T00:00:00Z')];
    const ends = at('2026-12-16T00:00:00Z');
    const state = payer(
      '2026-12-02T00:00:00Z',
      sub('max', { bought: lines, periodEnd: ends, paidUntil: ends }),
    );
    expect(monthSeconds(state, DEC)).toBe(4 * HOUR + Math.floor((156 * HOUR * 15) / 31));
  });
});

describe('QUOTA-49 what is not charged adds nothing', () => {
  const from = '2026-11-30T00:00:00Z';
  const end = '2026-12-01T00:00:00Z';
  it.each([
    ['put on the balance', sub('starter', { bought: [bought('starter', from, end, 0)] }), 4],
    ['half of it put there', sub('starter', { bought: [bought('starter', from, end, 0.5)] }), 4 + 36 / 60],
    ['a first invoice that is not paid', sub('starter', { bought: [] }), 4],
    ['not live', sub('starter', { status: 'unpaid', bought: [bought('starter', from, end)] }), 4],
    ['a price nobody knows', sub('starter', { bought: [{ ...bought('x', from, end), planId: null }] }), 4],
  ])('%s', (_, subscription, expected) => {
    expect(hours(monthSeconds(payer(from, subscription), NOV))).toBe(expected);
  });
});

describe('QUOTA-50 a period that has begun and is not paid', () => {
  const lines = [bought('max', '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z')];
  const share = Math.floor((156 * HOUR * 72) / 744);
  it('adds 72 h of the difference, then all of it', () => {
    const draft = sub('max', { bought: lines });
    const failed = { ...draft, status: 'past_due', periodEnd: at('2027-01-01T00:00:00Z') };
    for (const [now, state] of [
      ['2026-11-30T23:59:59Z', draft],
      ['2026-12-01T00:00:00Z', draft],
      ['2026-12-03T23:59:59Z', failed],
    ] as const) {
      expect(monthSeconds(payer(now, state), DEC), now).toBe(4 * HOUR + share);
    }
    expect(monthSeconds(payer('2026-12-04T00:00:00Z', failed), DEC)).toBe(4 * HOUR);
    const paid = sub('max', {
      bought: [...lines, bought('max', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z')],
    });
    expect(hours(monthSeconds(payer('2026-12-05T00:00:00Z', paid), DEC))).toBe(160);
  });

  it('adds what comes next: the smaller plan, or nothing after a cancellation', () => {
    const first = at('2026-12-01T00:00:00Z');
    const smaller = sub('max', { bought: lines, pendingPlanId: 'starter', pendingAt: first });
    const month = payer('2026-12-01T00:00:01Z', smaller);
    expect(monthSeconds(month, DEC)).toBe(4 * HOUR + Math.floor((36 * HOUR * 72) / 744));
    expect(hours(monthSeconds({ ...month, now: first - 1 }, NOV))).toBe(160);
    const ending = payer('2026-11-30T23:59:59Z', sub('max', { bought: lines, cancelAt: first }));
    expect(hours(monthSeconds(ending, NOV))).toBe(160);
    expect(hours(monthSeconds(ending, DEC))).toBe(4);
  });
});

describe('QUOTA-51 what is whole', () => {
  const rest = [bought('starter', '2026-11-16T00:00:00Z', '2026-12-01T00:00:00Z')];
  it.each([
    ['an own plan', 'max', null, 160],
    ['a bigger gift than what is paid', 'pro', sub('starter', { bought: rest }), 80],
    [
      'a gift with a bigger plan paid beside it',
      'starter',
      sub('pro', { bought: [{ ...rest[0], planId: 'pro' } as BoughtTime] }),
      60,
    ],
    ['no limit of its own', 'custom', sub('starter', { bought: rest }), null],
    ['no limit that is paid for', 'free', sub('custom', { bought: rest }), null],
    ['a month from before there was a proportion', 'free', sub('pro', { bought: null }), 80],
    ['after a trial', 'trial', sub('starter', { bought: rest }), 20],
  ])('%s', (_, own, subscription, expected) => {
    expect(hours(monthSeconds(payer('2026-11-16T00:00:00Z', subscription, own), NOV))).toBe(expected);
  });
});

describe('QUOTA-52 this month, if it were bought now', () => {
  const prices = new Map([
    ['starter', { usd: 900, gbp: 800 }],
    ['pro', { usd: 1900, gbp: 1600 }],
    ['max', { usd: 3900, gbp: 3300 }],
  ]);
  const buyer = (now: string, planId = 'free', subscription: Subscription | null = null): Buyer => ({
    ...payer(now, subscription),
    plan: PLANS.find((one) => one.id === planId) as Plan,
    prices,
    currency: null,
  });
  const all = (state: Buyer, currency = 'usd') =>
    Object.fromEntries(PLANS.map((one) => [one.id, hours(thisMonthSeconds(state, one, currency))]));

  it.each([
    ['2026-11-01T00:00:00Z', { free: 4, trial: 5, starter: 40, pro: 80, max: 160, custom: null }],
    ['2026-11-16T00:00:00Z', { free: 4, trial: 5, starter: 22, pro: 42, max: 82, custom: null }],
    // In the last 24 h Starter costs 30 cents, which is too little to be charged.
    ['2026-11-30T00:00:00Z', { starter: 4, pro: 4 + 76 / 30, max: 4 + 156 / 30 }],
    ['2026-11-30T12:00:00Z', { starter: 4, pro: 4, max: 4 + 156 / 60 }],
    ['2026-11-30T16:00:00Z', { starter: 4, pro: 4, max: 4 }],
  ])('at %s', (now, expected) => {
    expect(all(buyer(now))).toMatchObject(expected);
  });

  it('counts the least charge in the currency that is charged', () => {
    expect(all(buyer('2026-11-30T00:00:00Z'), 'gbp')).toMatchObject({ starter: 4, pro: 4 + 76 / 30 });
    expect(all(buyer('2026-11-29T20:00:00Z'), 'gbp').starter).toBe(4 + (36 * 28) / 720);
    expect(all(buyer('2026-11-29T20:00:00Z'), 'usd').starter).toBe(4);
  });

  it('of a plan that replaces a paid one is what is there and the difference; a smaller one changes nothing', () => {
    const paid = sub('pro', { bought: [bought('pro', '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z')] });
    const state = buyer('2026-11-16T00:00:00Z', 'pro', paid);
    expect(all(state)).toMatchObject({ free: 80, starter: 80, pro: 80, max: 120, custom: null });
    expect(all(buyer('2026-11-30T12:00:00Z', 'pro', paid)).max).toBe(80);
  });

  it('says what is charged now and what with the next invoice', () => {
    expect(chargeNow(restAmount(3900, at('2026-11-28T18:42:00Z')), 'usd')).toEqual({
      dueNow: 289,
      carried: 0,
    });
    expect(chargeNow(restAmount(900, at('2026-11-30T00:00:00Z')), 'usd')).toEqual({ dueNow: 0, carried: 30 });
    expect(chargeNow(30, 'gbp')).toEqual({ dueNow: 30, carried: 0 });
  });
});

describe('BILLING-32 the direction of a change', () => {
  it.each([
    ['up', 10, 20, 'up'],
    ['down', 20, 10, 'down'],
    ['of equal ranks costs nothing now', 10, 10, 'down'],
  ])('%s', (_, from, to, direction) => {
    expect(directionOf({ sort: from }, { sort: to })).toBe(direction);
  });
});
