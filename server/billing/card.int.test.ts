import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BillingWorld, FAILS_LATER, GOOD, type Person } from '@/test/billing';
import { changePlan } from './change-plan';
import { previewChange } from './preview-change';
import { syncAccount } from './sync/sync-account';

const MASTERCARD = '5555555555554444';

let b: BillingWorld;
beforeEach(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
});
afterEach(() => b.close());

const shown = async (person: Person) => (await b.summary(person)).payment.card?.last4;
const charged = async (person: Person) => (await b.chargesOf(person))[0]?.payment_method_details?.card?.last4;

describe('the card', () => {
  it('BILLING-42 that was changed on the portal’s page is shown, and charged from then on', async () => {
    const person = await b.subscriber('pro');
    expect(await shown(person)).toBe('4242');
    await b.moveTo('2026-11-24T12:05:00Z');
    expect(await b.changeCard(person, MASTERCARD)).toBe(`${b.ctx.env.APP_URL}/billing?back=1`);
    await b.sync(person);
    expect(await shown(person)).toBe('4444');
    await b.moveTo('2026-12-01T02:00:00Z');
    await b.sync(person);
    expect([await shown(person), await charged(person)]).toEqual(['4444', '4444']);
  });

  it('BILLING-42 of a failed renewal, changed on the portal’s page, is what the next try charges', async () => {
    const person = await b.subscriber('pro');
    await b.moveTo('2026-11-25T12:00:00Z');
    await b.changeCard(person, FAILS_LATER);
    await b.moveTo('2026-12-01T02:00:00Z');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({
      status: 'past_due',
      payment: { card: { last4: '0341' } },
    });
    await b.changeCard(person, MASTERCARD);
    await b.sync(person);
    expect(await shown(person)).toBe('4444');
    await b.moveTo('2026-12-04T02:00:00Z');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({
      plan: { id: 'pro' },
      payment: { state: 'ok', due: null },
    });
    expect(await charged(person)).toBe('4444');
  });

  it('BILLING-42 changed after a refused upgrade pays for it when it is tried again', async () => {
    const person = await b.subscriber('pro');
    await b.moveTo('2026-11-25T12:00:00Z');
    await b.changeCard(person, FAILS_LATER);
    const first = await previewChange(b.ctx, { ...person, planId: 'max' });
    const refused = changePlan(b.ctx, { ...person, planId: 'max', prorationDate: first.prorationDate });
    await expect(refused).rejects.toMatchObject({ reason: 'PAYMENT_FAILED' });
    expect(await b.changeCard(person, GOOD, '/billing/upgrade?plan=max')).toBe(
      `${b.ctx.env.APP_URL}/billing/upgrade?plan=max`,
    );
    await b.moveTo('2026-11-25T12:01:00Z');
    const { prorationDate } = await previewChange(b.ctx, { ...person, planId: 'max' });
    const summary = await changePlan(b.ctx, { ...person, planId: 'max', prorationDate });
    expect(summary).toMatchObject({ plan: { id: 'max' }, payment: { card: { last4: '4242' } } });
  });

  it('BILLING-42 typed for a new plan is charged, whatever card an older one had', async () => {
    const person = await b.subscriber('pro');
    const [sold] = await b.subscriptionsOf(person);
    await b.bench.stripe.subscriptions.cancel(sold?.id ?? '');
    await b.moveTo('2026-11-25T12:00:00Z');
    await b.pay(await b.openPage(person, 'pro'), MASTERCARD);
    await b.sync(person);
    await b.moveTo('2026-12-01T02:00:00Z');
    await b.sync(person);
    expect([await shown(person), await charged(person)]).toEqual(['4444', '4444']);
  });

  it('BILLING-42 changed before anybody here read the new subscription is the one that counts', async () => {
    const person = await b.person();
    await b.pay(await b.openPage(person, 'pro'));
    await b.moveTo('2026-11-24T12:05:00Z');
    await b.changeCard(person, MASTERCARD);
    await b.sync(person);
    expect(await shown(person)).toBe('4444');
    await changePlan(b.ctx, { ...person, planId: 'starter' });
    await b.moveTo('2026-12-01T02:00:00Z');
    await b.sync(person);
    expect([await b.planOf(person), await charged(person)]).toEqual(['starter', '4444']);
  });

  it('BILLING-42 changed while an older read is still at work stays the one that counts', async () => {
    const person = await b.person();
    await b.pay(await b.openPage(person, 'pro'));
    const { payments } = b.ctx;
    if (!payments) throw new Error('This world has no provider.');
    let isRead = false;
    const ask: typeof payments.ask = async (read) => {
      const answer = await payments.ask(read);
      if (!isRead) {
        isRead = true;
        await b.moveTo('2026-11-24T12:05:00Z');
        await b.changeCard(person, MASTERCARD);
      }
      return answer;
    };
    await syncAccount({ ...b.ctx, payments: { ...payments, ask } }, person);
    await b.sync(person);
    expect(await shown(person)).toBe('4444');
    await b.moveTo('2026-12-01T02:00:00Z');
    expect(await charged(person)).toBe('4444');
  });

  it('BILLING-42 that cannot be made the one truth is left where it is, and nothing else waits for it', async () => {
    const person = await b.person();
    await b.pay(await b.openPage(person, 'pro'));
    await b.bench.control('faults', {
      kind: 'status',
      method: 'POST',
      path: '/v1/customers/',
      status: 400,
      code: 'resource_missing',
      times: 1,
    });
    await b.sync(person);
    expect(await b.planOf(person)).toBe('pro');
    expect(await shown(person)).toBe('4242');
  });
});
