import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BillingWorld, FAILS_LATER, GOOD, type Person } from '@/test/billing';
import { batchStatus } from '../session/batch-status';
import { cancelSubscription } from './cancel';
import { listPricedPlans } from './catalogue/priced-plans';
import { changePlan } from './change-plan';
import { previewChange } from './preview-change';
import { syncAccount } from './sync/sync-account';

let b: BillingWorld;
const open = async (at: string) => {
  await b?.close();
  b = await BillingWorld.open(at);
};
beforeEach(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
});
afterEach(() => b.close());

const HOUR = 3600;
const standing = async ({ accountId }: Person) => batchStatus(b.ctx, accountId);
const hoursOf = async (person: Person) => ((await standing(person)).quota.quotaSeconds ?? Number.NaN) / HOUR;
/** Returns hours with the difference of two plans added for a part of the month. */
const plus = (base: number, from: number, to: number, left: number, whole: number) =>
  (base * HOUR + Math.floor(((to - from) * HOUR * left) / whole)) / HOUR;
const card = async (person: Person, number: string) =>
  b.bench.control(`customers/${await b.customerOf(person)}/card`, { card: number });

describe('the month in which a plan begins', () => {
  it.each([
    ['2026-11-28T18:42:00Z', 30],
    ['2027-01-31T00:00:00Z', 31],
    ['2027-02-27T06:07:08Z', 28],
    ['2028-02-29T00:00:00Z', 29],
  ])('QUOTA-48 Max bought %s gives its proportion of the month, as the preview said', async (at, days) => {
    await open(at);
    const person = await b.person();
    const preview = await previewChange(b.ctx, { ...person, planId: 'max' });
    await b.pay(await b.openPage(person, 'max'));
    await b.sync(person);
    const left = (Date.parse(preview.next.at) - Date.parse(at)) / 1000;
    const expected = plus(4, 4, 160, left, days * 24 * HOUR);
    expect(await hoursOf(person)).toBe(expected);
    expect(preview).toMatchObject({ effective: 'now', thisMonthSeconds: Math.round(expected * HOUR) });
    expect((await b.invoicesOf(person))[0]?.amount_paid).toBe(preview.dueNow);
    await b.moveTo(new Date(Date.parse(preview.next.at) + 2 * HOUR * 1000).toISOString());
    await b.sync(person);
    expect(await hoursOf(person)).toBe(160);
  });

  it('QUOTA-49 BILLING-33 Starter bought in the last 40 hours is not charged and gives nothing this month', async () => {
    await open('2026-11-29T10:00:00Z');
    const person = await b.person();
    const owed = Math.round((900 * 38) / 720);
    const preview = await previewChange(b.ctx, { ...person, planId: 'starter' });
    expect(preview).toMatchObject({
      thisMonthSeconds: 4 * HOUR,
      dueNow: 0,
      next: { amount: 900 + owed, at: '2026-12-01T00:00:00.000Z' },
    });
    await b.pay(await b.openPage(person, 'starter'));
    await b.sync(person);
    expect([await b.planOf(person), await hoursOf(person)]).toEqual(['starter', 4]);
    await b.moveTo('2026-12-01T02:00:00Z');
    await b.sync(person);
    expect((await b.invoicesOf(person))[0]?.amount_paid).toBe(preview.next.amount);
    expect(await hoursOf(person)).toBe(40);
  });

  it('QUOTA-49 what was never charged keeps nothing when its first charge fails', async () => {
    await open('2026-11-29T10:00:00Z');
    const person = await b.subscriber('starter');
    await card(person, FAILS_LATER);
    await b.moveTo('2026-12-01T02:00:00Z');
    await b.sync(person);
    expect((await b.summary(person)).status).toBe('past_due');
    expect([await b.planOf(person), await hoursOf(person)]).toEqual(['free', 4]);
  });

  it('QUOTA-48 a purchase, its end at once and a purchase again give what is left of the last one', async () => {
    const person = await b.subscriber('max');
    const [first] = await b.subscriptionsOf(person);
    await b.bench.stripe.subscriptions.cancel(first?.id ?? '');
    await b.sync(person);
    expect(await hoursOf(person)).toBe(4);
    await b.moveTo('2026-11-27T12:00:00Z');
    await b.pay(await b.openPage(person, 'starter'));
    await b.sync(person);
    expect(await hoursOf(person)).toBe(plus(4, 4, 40, 3.5, 30));
  });
});

describe('an upgrade in the middle of a month', () => {
  it('QUOTA-48 adds the difference for what is left, as previewed; reading again changes nothing', async () => {
    await open('2026-11-01T00:00:00Z');
    const person = await b.subscriber('pro');
    expect(await hoursOf(person)).toBe(80);
    await b.moveTo('2026-11-21T00:00:00Z');
    const preview = await previewChange(b.ctx, { ...person, planId: 'max' });
    await b.moveTo('2026-11-21T00:05:00Z');
    await changePlan(b.ctx, { ...person, planId: 'max', prorationDate: preview.prorationDate });
    const expected = plus(80, 80, 160, 10, 30);
    expect(preview.thisMonthSeconds).toBe(Math.round(expected * HOUR));
    expect(await hoursOf(person)).toBe(expected);
    await b.sync(person);
    await b.sync(person);
    expect(await hoursOf(person)).toBe(expected);
  });

  it('QUOTA-49 BILLING-33 too small to be charged adds nothing, and the preview says so', async () => {
    await open('2026-11-01T00:00:00Z');
    const person = await b.subscriber('pro');
    await b.moveTo('2026-11-30T12:00:00Z');
    const owed = Math.round(3900 / 60) - Math.round(1900 / 60);
    const preview = await previewChange(b.ctx, { ...person, planId: 'max' });
    expect(preview).toMatchObject({ thisMonthSeconds: 80 * HOUR, dueNow: 0, next: { amount: 3900 + owed } });
    await changePlan(b.ctx, { ...person, planId: 'max', prorationDate: preview.prorationDate });
    expect([await b.planOf(person), await hoursOf(person)]).toEqual(['max', 80]);
  });

  it('QUOTA-48 a smaller plan to come and a cancellation leave the month that is paid whole', async () => {
    await open('2026-11-01T00:00:00Z');
    const person = await b.subscriber('max');
    await b.moveTo('2026-11-20T00:00:00Z');
    expect(await previewChange(b.ctx, { ...person, planId: 'starter' })).toMatchObject({
      effective: 'period_end',
      thisMonthSeconds: 160 * HOUR,
    });
    await changePlan(b.ctx, { ...person, planId: 'starter' });
    expect(await hoursOf(person)).toBe(160);
    await b.moveTo('2026-12-01T02:00:00Z');
    await b.sync(person);
    expect(await hoursOf(person)).toBe(40);
    await cancelSubscription(b.ctx, person);
    expect(await hoursOf(person)).toBe(40);
    await b.moveTo('2027-01-01T00:00:01Z');
    expect(await hoursOf(person)).toBe(4);
    await b.sync(person);
    expect(await hoursOf(person)).toBe(4);
  });

  it('QUOTA-48 a change at Stripe that gives money back takes its time back', async () => {
    await open('2026-11-01T00:00:00Z');
    const person = await b.subscriber('max');
    await b.moveTo('2026-11-16T00:00:00Z');
    const [found] = await b.subscriptionsOf(person);
    const [starter] = await b.ctx.sql<
      { id: string }[]
    >`select stripe_price_id as id from plan where id = 'starter'`;
    await b.bench.stripe.subscriptions.update(found?.id ?? '', {
      items: [{ id: found?.items.data[0]?.id, price: starter?.id }],
      proration_behavior: 'always_invoice',
    });
    await b.sync(person);
    expect(await hoursOf(person)).toBe(160 - 60);
  });
});

describe('a renewal', () => {
  it('QUOTA-50 that fails gives 72 hours of the difference, and all of it once it is paid', async () => {
    const person = await b.subscriber('max');
    await card(person, FAILS_LATER);
    const grace = plus(4, 4, 160, 72, 31 * 24);
    await b.moveTo('2026-12-01T00:00:00Z');
    expect(await hoursOf(person)).toBe(grace);
    await b.moveTo('2026-12-01T00:30:00Z');
    await b.sync(person);
    expect([(await b.summary(person)).status, await hoursOf(person)]).toEqual(['active', grace]);
    await b.moveTo('2026-12-02T00:00:00Z');
    await b.sync(person);
    expect([(await b.summary(person)).status, await hoursOf(person)]).toEqual(['past_due', grace]);
    const [unpaid] = await b.invoicesOf(person);
    await b.bench.control(`invoices/${unpaid?.id}/pay`, { card: GOOD });
    await b.sync(person);
    expect([(await b.summary(person)).status, await hoursOf(person)]).toEqual(['active', 160]);
  });

  it('QUOTA-50 BILLING-34 that cannot be read gives 72 hours of the difference, and nothing after 7 days', async () => {
    const person = await b.subscriber('pro');
    await b.moveTo('2026-12-07T23:59:59Z');
    expect([await b.planOf(person), await hoursOf(person)]).toEqual(['pro', plus(4, 4, 80, 72, 31 * 24)]);
    await b.moveTo('2026-12-08T00:00:00Z');
    expect([await b.planOf(person), await hoursOf(person)]).toEqual(['free', 4]);
    await b.sync(person);
    expect([await b.planOf(person), await hoursOf(person)]).toEqual(['pro', 80]);
  });
});

describe('what was there before', () => {
  const forget = ({ accountId }: Person) =>
    b.ctx.sql`update subscription set bought = null where account_id = ${accountId}`;

  it('QUOTA-51 a subscription of an older build keeps its whole month, and what is charged after it counts beside', async () => {
    await open('2026-11-10T00:00:00Z');
    const person = await b.subscriber('pro');
    await forget(person);
    expect(await hoursOf(person)).toBe(80);
    await b.moveTo('2026-11-16T00:00:00Z');
    await b.sync(person);
    await b.sync(person);
    expect(await hoursOf(person)).toBe(80);
    await changePlan(b.ctx, { ...person, planId: 'max' });
    expect(await hoursOf(person)).toBe(80 + 40);
    await b.moveTo('2026-12-01T02:00:00Z');
    await b.sync(person);
    expect(await hoursOf(person)).toBe(160);
  });

  it('QUOTA-51 what an operator sets is whole from its first second', async () => {
    await open('2026-11-30T23:00:00Z');
    const person = await b.person({ planId: 'max' });
    expect(await hoursOf(person)).toBe(160);
  });

  it('QUOTA-48 an old read never takes back what a newer one found', async () => {
    const person = await b.subscriber('pro');
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const payments = b.ctx.payments as NonNullable<typeof b.ctx.payments>;
    const slow: typeof payments = {
      ...payments,
      ask: async (read) => {
        const answer = await payments.ask(read);
        await held;
        return answer;
      },
    };
    const old = syncAccount({ ...b.ctx, payments: slow }, person);
    await changePlan(b.ctx, { ...person, planId: 'max' });
    const quota = await hoursOf(person);
    release();
    expect((await old).kind).toBe('superseded');
    expect(await hoursOf(person)).toBe(quota);
  });
});

describe('what is offered', () => {
  const offered = async (person: Person) =>
    (await standing(person)).upgrade?.plans.map(({ id }) => id) ?? null;

  it('QUOTA-52 late in the month only what lifts the refusal, with what it gives this month', async () => {
    await open('2026-11-28T18:42:00Z');
    const person = await b.person({ leftMs: 0 });
    const left = (5.3 + 48) * HOUR;
    const { upgrade } = await standing(person);
    expect(upgrade?.plans.map((plan) => [plan.id, plan.thisMonthSeconds])).toEqual([
      ['starter', 4 * HOUR + Math.floor((36 * HOUR * left) / (720 * HOUR))],
      ['pro', 4 * HOUR + Math.floor((76 * HOUR * left) / (720 * HOUR))],
      ['max', 4 * HOUR + Math.floor((156 * HOUR * left) / (720 * HOUR))],
      ['custom', null],
    ]);
    await b.moveTo('2026-11-30T12:00:00Z');
    expect(await offered(person)).toEqual(['max', 'custom']);
    await b.moveTo('2026-11-30T20:00:00Z');
    expect(await offered(person)).toEqual(['custom']);
    await b.ctx.sql`update plan set visible = false where id = 'custom'`;
    expect(await offered(person)).toEqual([]);
    expect((await standing(person)).upgrade?.packs.map(({ id }) => id)).toEqual(['pack10', 'pack50']);
    await b.moveTo('2026-12-01T00:00:00Z');
    expect((await standing(person)).start.allowed).toBe(true);
  });

  it('QUOTA-52 the plans say it to an account, and to a visitor as to a new free account', async () => {
    await open('2026-11-16T00:00:00Z');
    const person = await b.subscriber('starter');
    const hours = async (actor: Parameters<typeof listPricedPlans>[1]) =>
      (await listPricedPlans(b.ctx, actor, 'gbp')).map(
        ({ thisMonthSeconds }) => (thisMonthSeconds ?? 0) / HOUR,
      );
    expect(await hours(null)).toEqual([4, 5, 22, 42, 82, 0]);
    expect(await hours(person.member as never)).toEqual([22, 5, 22, 42, 82, 0]);
  });
});
