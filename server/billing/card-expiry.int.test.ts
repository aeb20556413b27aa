import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BillingWorld } from '@/test/billing';
import { cancelSubscription } from './cancel';
import { changePlan } from './change-plan';
import { previewChange } from './preview-change';

let b: BillingWorld;
beforeEach(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
});
afterEach(() => b.close());

describe('a card that expires before the next charge', () => {
  it('BILLING-90 is told by one email and on the page, until another card is there', async () => {
    const person = await b.subscriber('pro');
    await b.bench.control(`customers/${await b.customerOf(person)}/card`, {
      card: '4242424242424242',
      expires: '11/26',
    });
    for (let again = 0; again < 2; again++) await b.sync(person);
    expect((await b.signInEmails(person)).filter((kind) => kind === 'card.expiring')).toHaveLength(1);
    expect(await b.summary(person)).toMatchObject({
      payment: { card: { expires: '11/26' }, chargeAfterExpiry: '2026-12-01T00:00:00.000Z' },
    });
    await b.moveTo('2026-11-24T12:05:00Z');
    await b.changeCard(person, '5555555555554444');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ payment: { chargeAfterExpiry: null } });
  });
});

describe('a cancellation far away', () => {
  async function endsInMarch() {
    const person = await b.subscriber('pro');
    const [sold] = await b.subscriptionsOf(person);
    const cancel_at = Date.parse('2027-03-15T00:00:00Z') / 1000;
    await b.bench.stripe.subscriptions.update(sold?.id ?? '', { cancel_at });
    await b.sync(person);
    return person;
  }

  it('BILLING-91 is charged until then, and both are told', async () => {
    const person = await endsInMarch();
    expect(await b.summary(person)).toMatchObject({
      nextCharge: { amount: 1900, at: '2026-12-01T00:00:00.000Z' },
      scheduledChange: { kind: 'cancellation', at: '2027-03-15T00:00:00.000Z' },
    });
    const [mail] = await b.ctx.sql<{ facts: object }[]>`
      select facts from mail where account_id = ${person.accountId} and kind = 'subscription.cancelled'`;
    expect(mail?.facts).toMatchObject({ endsAt: '2027-03-15T00:00:00.000Z', isRenewed: true });
  });

  it('BILLING-91 cancelled here ends with the period that is paid', async () => {
    const person = await endsInMarch();
    expect(await previewChange(b.ctx, { ...person, planId: 'free' })).toMatchObject({
      next: { amount: 0, at: '2026-12-01T00:00:00.000Z' },
    });
    expect(await cancelSubscription(b.ctx, person)).toMatchObject({
      nextCharge: null,
      scheduledChange: { kind: 'cancellation', at: '2026-12-01T00:00:00.000Z' },
    });
    await b.moveTo('2026-12-01T02:00:00Z');
    await b.sync(person);
    expect(await b.planOf(person)).toBe('free');
    expect(await b.chargesOf(person)).toHaveLength(1);
  });

  it('BILLING-91 stays when a smaller plan is chosen before it', async () => {
    const person = await endsInMarch();
    await changePlan(b.ctx, { ...person, planId: 'starter' });
    await b.moveTo('2026-12-02T00:00:00Z');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({
      plan: { id: 'starter' },
      scheduledChange: { kind: 'cancellation', at: '2027-03-15T00:00:00.000Z' },
    });
    await b.moveTo('2027-03-15T00:00:01Z');
    await b.sync(person);
    expect(await b.planOf(person)).toBe('free');
  });
});
