import { describe, expect, it } from 'vitest';
import type { BillingSummary, Price, PricedPlan } from '@/server/shapes';
import { firstCharge, formatMoney, nextFirst } from '../_offers/money';
import { planDifference } from '../_offers/plan-difference';
import { thisMonthText } from '../_offers/this-month';
import { planAction } from './plan-action';

const price = (amount: number): Price => ({ amount, currency: 'usd', interval: 'month' });
const plan = (id: string, sort: number, more: Partial<PricedPlan> = {}): PricedPlan => ({
  id,
  name: id.charAt(0).toUpperCase() + id.slice(1),
  description: '',
  monthlySeconds: 3600,
  onceSeconds: null,
  maxSessions: 1,
  idleStop: { minSeconds: 900, maxSeconds: 900, defaultSeconds: 900 },
  storageGb: 1,
  sort,
  visible: true,
  price: null,
  thisMonthSeconds: more.monthlySeconds ?? 3600,
  ...more,
});
const PLANS = [
  plan('free', 10),
  plan('trial', 20, { monthlySeconds: null, onceSeconds: 3600 }),
  plan('starter', 30, { price: price(900) }),
  plan('pro', 40, { price: price(1900) }),
  plan('custom', 60, { monthlySeconds: null }),
];
const summary = (current: string, more: Partial<BillingSummary> = {}): BillingSummary => ({
  plan: { id: current, name: current },
  ownPlan: { id: 'free', name: 'Free' },
  status: null,
  paidPlan: null,
  periodStart: null,
  periodEnd: null,
  nextCharge: null,
  packs: [],
  scheduledChange: null,
  pendingChange: null,
  payment: {
    state: 'none',
    due: null,
    nextAttemptAt: null,
    keepsPlanUntil: null,
    card: null,
    chargeAfterExpiry: null,
  },
  trial: { available: true, used: false },
  paymentsSetUp: true,
  testPayments: true,
  mayChange: true,
  ...more,
});
const labels = (of: BillingSummary | null) =>
  PLANS.map((one) => planAction(one, PLANS, of, '1 Dec').label).join(' | ');
const paid = { status: 'active', paidPlan: { id: 'pro', name: 'Pro' } };

describe('the button of a plan', () => {
  it.each<[string, BillingSummary | null, string]>([
    ['signed out', null, 'Sign up | Sign up to try | Choose Starter | Choose Pro | Contact us'],
    ['free', summary('free'), 'Your plan | Start trial | Upgrade to Starter | Upgrade to Pro | Contact us'],
    [
      'on the trial',
      summary('trial', { ownPlan: { id: 'trial', name: 'Trial' }, trial: { available: false, used: true } }),
      'Back to Free | Your plan | Upgrade to Starter | Upgrade to Pro | Contact us',
    ],
    [
      'paying',
      summary('pro', { ...paid, trial: { available: false, used: false } }),
      'Switch on 1 Dec | Not needed | Switch on 1 Dec | Your plan | Contact us',
    ],
    [
      'with a gift',
      summary('pro', { ownPlan: { id: 'pro', name: 'Pro' }, trial: { available: false, used: true } }),
      'Included | Trial used | Included | Your plan | Contact us',
    ],
    [
      'while a payment fails',
      summary('pro', {
        ...paid,
        status: 'past_due',
        payment: { ...summary('pro').payment, state: 'past_due' },
        trial: { available: false, used: true },
      }),
      'See billing | Trial used | See billing | Your plan | Contact us',
    ],
    [
      'with a scheduled downgrade',
      summary('pro', {
        ...paid,
        scheduledChange: {
          planId: 'starter',
          name: 'Starter',
          at: '2026-12-01T00:00:00.000Z',
          kind: 'downgrade',
        },
      }),
      'Switch on 1 Dec | Start trial | From 1 Dec | Your plan | Contact us',
    ],
  ])('BILLING-2 matches the state: %s', (_, state, expected) => {
    expect(labels(state)).toBe(expected);
  });

  it('BILLING-18 is off with a reason for members who do not own the account', () => {
    const action = planAction(PLANS[3] as never, PLANS, summary('free', { mayChange: false }), '1 Dec');
    expect(action).toMatchObject({ kind: 'off', why: 'Only an owner of this account can change its plan.' });
  });
});

describe('the time of a plan', () => {
  it.each([
    [27.9, 160, '27 h this month, 160 h from 1 Dec'],
    [9.99, 160, '9 h 59 min this month, 160 h from 1 Dec'],
    [0.51, 1, '30 min this month, 1 h from 1 Dec'],
    [160, 40, '160 h this month, 40 h from 1 Dec'],
    [160, 160, ''],
    [4, null, ''],
    [null, 160, ''],
  ])('QUOTA-52 %s h of %s h reads %s', (now, later, words) => {
    const seconds = (hours: number | null) => (hours === null ? null : Math.floor(hours * 3600));
    const time = { monthlySeconds: seconds(later), thisMonthSeconds: seconds(now) };
    expect(thisMonthText(time, '1 Dec')).toBe(words);
  });
});

describe('what a plan brings', () => {
  const [free, trial, starter, , custom] = PLANS as [
    PricedPlan,
    PricedPlan,
    PricedPlan,
    PricedPlan,
    PricedPlan,
  ];
  it('BILLING-46 the trial and a plan without a limit are compared with the current plan', () => {
    expect(planDifference(trial, free)).toBe('+1 h once');
    for (const current of [free, trial]) expect(planDifference(custom, current)).toBe('no time limit');
    expect(planDifference({ ...custom, maxSessions: 5, storageGb: 3 }, starter)).toBe(
      'no time limit, +4 sessions, +2 GB of files',
    );
    expect(planDifference({ ...starter, monthlySeconds: 7200 }, free)).toBe('+1 h a month');
    expect(planDifference(free, free)).toBe('');
  });

  it('BILLING-45 a plan that cannot be bought has no button: a sentence, and the support address', () => {
    const unsold = planAction({ ...starter, price: null }, PLANS, summary('free'), '1 Dec');
    expect(unsold).toMatchObject({ kind: 'none', why: 'This plan cannot be bought here.', contact: false });
    const asked = planAction(custom, PLANS, summary('free', { mayChange: false }), '1 Dec');
    expect(asked).toMatchObject({ kind: 'none', why: 'On request.', contact: true });
  });
});

describe('money', () => {
  it('BILLING-6 the amount due today is for the rest of the month, to the second', () => {
    const todayAt = (now: string, amount = 1900) => firstCharge(price(amount), Date.parse(now));
    expect(todayAt('2026-11-24T12:00:00Z')).toEqual({
      today: { amount: Math.round((1900 * 6.5) / 30), currency: 'usd' },
      next: { amount: 1900, currency: 'usd' },
    });
    expect(todayAt('2026-11-01T00:00:00Z').today.amount).toBe(1900);
    expect(todayAt('2028-02-29T00:00:00Z').today.amount).toBe(Math.round(1900 / 29));
    // An amount below the minimum charge is added to the next payment.
    expect(todayAt('2026-11-30T00:00:00Z', 900)).toMatchObject({
      today: { amount: 0 },
      next: { amount: 930 },
    });
    expect(nextFirst(Date.parse('2026-12-31T23:59:59Z'))).toBe('1 Jan');
  });

  it('BILLING-1 money is formatted for readers', () => {
    expect(formatMoney({ amount: 1900, currency: 'usd' })).toBe('$19');
    expect(formatMoney({ amount: 507, currency: 'gbp' })).toBe('£5.07');
    expect(formatMoney({ amount: 500, currency: 'jpy' })).toBe('¥500');
  });
});
