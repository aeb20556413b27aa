import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BillingWorld } from '@/test/billing';
import { adjustAccountUsage } from '../account/adjust-usage';
import { explainBilling } from './explain-billing';
import { reconcileEvents } from './sync/reconcile-events';

let b: BillingWorld;
beforeEach(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
});
afterEach(() => b.close());

describe('why an account’s billing is as it is', () => {
  it('BILLING-92 tells each month’s events, reads, changes, money and quota, with sums that agree', async () => {
    const person = await b.subscriber('pro');
    await reconcileEvents(b.ctx);
    await b.moveTo('2026-12-01T02:00:00Z');
    await reconcileEvents(b.ctx);
    await adjustAccountUsage(b.ctx, {
      actor: 'operator',
      accountId: person.accountId,
      seconds: 60,
      reason: 'test',
    });
    const story = await explainBilling(b.ctx, person.accountId);
    expect(story).toMatchObject({
      accountId: person.accountId,
      planId: 'pro',
      ownPlanId: 'free',
      customer: await b.customerOf(person),
      status: 'active',
      agrees: true,
    });
    expect(story.tickets.drawn).toBeGreaterThanOrEqual(story.tickets.applied);
    const [november, december] = story.months;
    expect([november?.month, december?.month]).toEqual(['2026-11', '2026-12']);
    const invoices = await b.invoicesOf(person);
    expect(november?.money).toEqual([
      { currency: 'usd', paid: invoices[1]?.amount_paid, charged: invoices[1]?.amount_paid, refunded: 0 },
    ]);
    expect(december).toMatchObject({
      quotaSeconds: 80 * 3600,
      usedSeconds: 60,
      money: [{ paid: 1900, charged: 1900 }],
    });
    for (const month of story.months)
      for (const sum of month.sums) expect(sum).toMatchObject({ agrees: true });
    expect(december?.sums.map(({ name }) => name)).toEqual(['used', 'money usd', 'quota']);
    const sources = new Set(story.months.flatMap(({ steps }) => steps.map(({ source }) => source)));
    expect(sources).toEqual(new Set(['event', 'audit', 'invoice', 'ledger', 'email']));
  });

  it('BILLING-92 says which sum does not agree', async () => {
    const person = await b.subscriber('pro');
    const paid = { actor: 'operator', accountId: person.accountId, seconds: 60, reason: 'test' };
    await adjustAccountUsage(b.ctx, paid);
    await b.ctx
      .sql`update usage_period set quota_ms = quota_ms + 1000 where account_id = ${person.accountId}`;
    const story = await explainBilling(b.ctx, person.accountId);
    expect(story.agrees).toBe(false);
    const wrong = story.months.flatMap(({ sums }) => sums.filter(({ agrees }) => !agrees));
    expect(wrong).toMatchObject([{ name: 'quota', is: wrong[0] && wrong[0].mustBe + 1 }]);
  });

  it('BILLING-92 tells what the books have while the provider cannot be asked', async () => {
    const person = await b.subscriber('pro');
    const story = await explainBilling({ ...b.ctx, payments: null }, person.accountId);
    expect(story.months[0]?.money).toEqual([]);
    expect(story.agrees).toBe(true);
    await expect(explainBilling(b.ctx, 'nobody')).rejects.toMatchObject({ reason: 'NOT_FOUND' });
  });
});
