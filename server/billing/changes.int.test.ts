import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BillingWorld, FAILS_LATER, GOOD, type Person } from '@/test/billing';
import { cancelSubscription } from './cancel';
import { changePlan } from './change-plan';
import { previewChange } from './preview-change';
import { resumeSubscription } from './resume';

let b: BillingWorld;
beforeEach(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
});
afterEach(() => b.close());

const auditOf = async ({ accountId }: Person) =>
  (
    await b.ctx.sql<{ action: string; actor: string }[]>`
      select action, actor from audit where account_id = ${accountId} order by id`
  ).map((line) => line.action);

describe('a bigger plan', () => {
  it.each([
    ['2027-01-31T23:59:58Z', '2027-02-28T06:00:00Z', 0],
    // Too small to be charged: due with the next payment.
    ['2028-02-10T00:00:00Z', '2028-02-29T12:00:00Z', 34],
    ['2026-11-24T12:00:00Z', '2026-11-30T23:59:59Z', 0],
    ['2027-03-27T12:00:00Z', '2027-03-28T02:30:00Z', 0],
  ])(
    'BILLING-9 bought %s and enlarged %s is charged exactly as previewed, at once',
    async (bought, changed, carried) => {
      await b.close();
      b = await BillingWorld.open(bought);
      const person = await b.subscriber('pro');
      await b.moveTo(changed);
      const before = (await b.invoicesOf(person)).length;
      const preview = await previewChange(b.ctx, { ...person, planId: 'max' });
      expect(preview).toMatchObject({ effective: 'now', currency: 'usd', next: { amount: 3900 + carried } });
      await b.moveTo(new Date(Date.parse(changed) + 400).toISOString());
      const summary = await changePlan(b.ctx, {
        ...person,
        planId: 'max',
        prorationDate: preview.prorationDate,
      });
      expect(summary).toMatchObject({ plan: { id: 'max' }, status: 'active', nextCharge: { amount: 3900 } });
      const invoices = await b.invoicesOf(person);
      expect(invoices).toHaveLength(before + 1);
      expect(invoices[0]?.amount_paid).toBe(preview.dueNow);
      expect(await auditOf(person)).toContain('billing.changePlan');
    },
  );

  it('BILLING-9 a double click is charged once', async () => {
    const person = await b.subscriber('pro');
    const { prorationDate } = await previewChange(b.ctx, { ...person, planId: 'max' });
    await Promise.all(
      Array.from({ length: 4 }, () => changePlan(b.ctx, { ...person, planId: 'max', prorationDate })),
    );
    expect(await b.invoicesOf(person)).toHaveLength(2);
    expect(await b.planOf(person)).toBe('max');
  });

  it('BILLING-9 a refused card, an old preview and a wrong plan change nothing', async () => {
    const person = await b.subscriber('pro');
    const { prorationDate } = await previewChange(b.ctx, { ...person, planId: 'max' });
    await b.bench.control(`customers/${await b.customerOf(person)}/card`, { card: FAILS_LATER });
    const refused = await changePlan(b.ctx, { ...person, planId: 'max', prorationDate }).catch(
      (error) => error,
    );
    expect(refused).toMatchObject({ reason: 'PAYMENT_FAILED', code: 'PAYMENT_REQUIRED' });
    const old = changePlan(b.ctx, { ...person, planId: 'max', prorationDate: prorationDate - 3600 });
    await expect(old).rejects.toMatchObject({ reason: 'INVALID_INPUT' });
    for (const planId of ['custom', 'gold']) {
      await expect(changePlan(b.ctx, { ...person, planId })).rejects.toMatchObject({
        reason: planId === 'gold' ? 'INVALID_INPUT' : 'NOT_FOR_SALE',
      });
    }
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'pro' }, status: 'active' });
    expect(await b.invoicesOf(person)).toHaveLength(1);
  });
});

describe('a smaller plan', () => {
  it('BILLING-10 comes at the end of the period and can be undone until then', async () => {
    const person = await b.subscriber('max');
    expect(await previewChange(b.ctx, { ...person, planId: 'starter' })).toMatchObject({
      effective: 'period_end',
      dueNow: 0,
      next: { amount: 900, at: '2026-12-01T00:00:00.000Z' },
    });
    expect(await changePlan(b.ctx, { ...person, planId: 'starter' })).toMatchObject({
      plan: { id: 'max' },
      scheduledChange: { planId: 'starter', kind: 'downgrade', at: '2026-12-01T00:00:00.000Z' },
      nextCharge: { amount: 900 },
    });
    // Changed to another plan, and then undone.
    expect(await changePlan(b.ctx, { ...person, planId: 'pro' })).toMatchObject({
      scheduledChange: { planId: 'pro' },
      nextCharge: { amount: 1900 },
    });
    expect(await resumeSubscription(b.ctx, person)).toMatchObject({
      plan: { id: 'max' },
      scheduledChange: null,
      nextCharge: { amount: 3900 },
    });
    await changePlan(b.ctx, { ...person, planId: 'starter' });
    await b.moveTo('2026-12-01T01:30:00Z');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({
      plan: { id: 'starter' },
      scheduledChange: null,
      nextCharge: { amount: 900, at: '2027-01-01T00:00:00.000Z' },
    });
    expect((await b.invoicesOf(person))[0]?.amount_paid).toBe(900);
    expect(await auditOf(person)).toContain('billing.resume');
  });

  it('BILLING-10 an upgrade over a scheduled downgrade wins; a refused one leaves the downgrade as it was', async () => {
    const person = await b.subscriber('pro');
    await changePlan(b.ctx, { ...person, planId: 'starter' });
    await b.bench.control(`customers/${await b.customerOf(person)}/card`, { card: FAILS_LATER });
    const refused = changePlan(b.ctx, { ...person, planId: 'max' });
    await expect(refused).rejects.toMatchObject({ reason: 'PAYMENT_FAILED' });
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ scheduledChange: { planId: 'starter' } });
    await b.bench.control(`customers/${await b.customerOf(person)}/card`, { card: GOOD });
    expect(await changePlan(b.ctx, { ...person, planId: 'max' })).toMatchObject({
      plan: { id: 'max' },
      scheduledChange: null,
    });
    await b.moveTo('2026-12-01T01:30:00Z');
    await b.sync(person);
    expect(await b.planOf(person)).toBe('max');
  });
});

describe('a cancellation', () => {
  it('BILLING-11 keeps the plan to the end of the period, can be resumed, and then ends it', async () => {
    const person = await b.subscriber('pro');
    expect(await cancelSubscription(b.ctx, person)).toMatchObject({
      plan: { id: 'pro' },
      nextCharge: null,
      scheduledChange: { planId: 'free', kind: 'cancellation', at: '2026-12-01T00:00:00.000Z' },
    });
    expect(await cancelSubscription(b.ctx, person)).toMatchObject({ scheduledChange: { planId: 'free' } });
    expect(await resumeSubscription(b.ctx, person)).toMatchObject({ scheduledChange: null });
    expect(await resumeSubscription(b.ctx, person)).toMatchObject({ nextCharge: { amount: 1900 } });
    // A change to free means the same.
    expect(await changePlan(b.ctx, { ...person, planId: 'free' })).toMatchObject({
      scheduledChange: { kind: 'cancellation' },
    });
    await b.moveTo('2026-12-01T00:00:01Z');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({
      plan: { id: 'free' },
      status: 'canceled',
      paidPlan: null,
    });
    expect(await b.signInEmails(person)).toEqual([
      'plan.changed',
      'subscription.cancelled',
      'subscription.cancelled',
      'plan.changed',
    ]);
    await expect(cancelSubscription(b.ctx, person)).rejects.toMatchObject({ reason: 'INVALID_INPUT' });
    // A new subscription may be bought, and the old one's end does not affect it.
    await b.pay(await b.openPage(person, 'starter'));
    await b.sync(person);
    expect(await b.planOf(person)).toBe('starter');
  });

  it('BILLING-11 an upgrade takes a cancellation back', async () => {
    const person = await b.subscriber('pro');
    await cancelSubscription(b.ctx, person);
    expect(await changePlan(b.ctx, { ...person, planId: 'max' })).toMatchObject({
      plan: { id: 'max' },
      scheduledChange: null,
    });
  });
});

describe('a failed renewal', () => {
  it('BILLING-12 keeps the plan for 72 hours after what was paid, tells once, and heals when it is paid', async () => {
    const person = await b.subscriber('pro');
    await b.bench.control(`customers/${await b.customerOf(person)}/card`, { card: FAILS_LATER });
    await b.moveTo('2026-12-01T02:00:00Z');
    await b.sync(person);
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({
      plan: { id: 'pro' },
      status: 'past_due',
      payment: {
        state: 'past_due',
        due: { amount: 1900, currency: 'usd' },
        nextAttemptAt: '2026-12-04T01:00:00.000Z',
        keepsPlanUntil: '2026-12-04T00:00:00.000Z',
      },
    });
    await expect(changePlan(b.ctx, { ...person, planId: 'max' })).rejects.toMatchObject({
      reason: 'PAYMENT_FAILED',
    });
    await b.moveTo('2026-12-03T23:59:59Z');
    expect(await b.planOf(person)).toBe('pro');
    await b.moveTo('2026-12-04T00:00:00Z');
    expect(await b.planOf(person)).toBe('free');
    await b.moveTo('2026-12-04T02:00:00Z');
    await b.sync(person);
    expect((await b.signInEmails(person)).filter((kind) => kind === 'payment.failed')).toHaveLength(1);
    const [open] = await b.invoicesOf(person);
    await b.bench.control(`invoices/${open?.id}/pay`, { card: GOOD });
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({
      plan: { id: 'pro' },
      payment: { state: 'ok', due: null },
    });
  });

  it('BILLING-12 ends with the subscription when nobody pays', async () => {
    const person = await b.subscriber('pro');
    await b.bench.control(`customers/${await b.customerOf(person)}/card`, { card: FAILS_LATER });
    await b.moveTo('2026-12-17T00:00:00Z');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'free' }, status: 'canceled' });
    expect(await b.openPage(person, 'pro')).toMatch(/^cs_test/);
  });

  it('BILLING-12 an unpaid subscription blocks a second one and gives nothing', async () => {
    await b.bench.control('dunning', { finalAction: 'unpaid' });
    const person = await b.subscriber('pro');
    await b.bench.control(`customers/${await b.customerOf(person)}/card`, { card: FAILS_LATER });
    await b.moveTo('2026-12-17T00:00:00Z');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'free' }, payment: { state: 'unpaid' } });
    await expect(b.openPage(person, 'pro')).rejects.toThrow('confirm=1');
  });
});
