import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BillingWorld, type Person } from '@/test/billing';
import { cancelSubscription } from './cancel';
import { changePlan } from './change-plan';
import { leadToBank } from './checkout/lead-to-bank';
import { returnFromBank } from './checkout/return-from-bank';
import { previewChange } from './preview-change';
import { resumeSubscription } from './resume';

/** A card whose bank asks its owner at every payment. */
const ASKS = '4000002760003184';

let b: BillingWorld;
beforeEach(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
});
afterEach(() => b.close());

async function asker(planId = 'pro'): Promise<Person> {
  const person = await b.person();
  await b.pay(await b.openPage(person, planId), ASKS);
  await b.sync(person);
  await b.moveTo('2026-11-25T12:00:00Z');
  return person;
}

/** Starts an upgrade that the bank asks about. Returns the id of its invoice. */
async function ask(person: Person, planId = 'max') {
  const { prorationDate, dueNow } = await previewChange(b.ctx, { ...person, planId });
  const refused = await changePlan(b.ctx, { ...person, planId, prorationDate }).catch((error) => error);
  expect(refused).toMatchObject({ reason: 'PAYMENT_ACTION_REQUIRED', code: 'PAYMENT_REQUIRED' });
  const url = new URL(refused.details.url);
  expect(`${url.origin}${url.pathname}`).toBe(`${b.ctx.env.APP_URL}/billing/confirm`);
  return { invoiceId: url.searchParams.get('invoice') ?? '', dueNow, refused };
}

/** Opens the link of the refusal and answers the bank there. */
async function answer(person: Person, invoiceId: string, result: 'complete' | 'fail') {
  const bank = (await leadToBank(b.ctx, { ...person, invoiceId })) ?? '';
  const back = new URL((await b.bench.page(bank, { result })).location ?? '');
  expect(`${back.origin}${back.pathname}`).toBe(`${b.ctx.env.APP_URL}/billing/confirmed`);
  return returnFromBank(b.ctx, { ...person, invoiceId: back.searchParams.get('invoice') ?? '' });
}

const paid = async (person: Person) =>
  (await b.chargesOf(person)).map((charge) => charge.amount).reduce((sum, amount) => sum + amount, 0);

describe('an upgrade that the bank wants to be asked about', () => {
  it('BILLING-80 leads to its page and back; nothing changes until then, and then what was previewed is charged', async () => {
    const person = await asker();
    const before = await paid(person);
    const { invoiceId, dueNow, refused } = await ask(person);
    expect(refused.message).not.toMatch(/stripe|PaymentIntent|https?:/i);
    expect(await b.summary(person)).toMatchObject({
      plan: { id: 'pro' },
      status: 'active',
      payment: { state: 'ok', due: null },
      pendingChange: { planId: 'max', url: refused.details.url },
    });
    expect(await paid(person)).toBe(before);
    expect(await answer(person, invoiceId, 'complete')).toBe('paid');
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'max' }, pendingChange: null });
    expect(await paid(person)).toBe(before + dueNow);
    expect(await returnFromBank(b.ctx, { ...person, invoiceId })).toBe('paid');
  });

  it('BILLING-80 not confirmed stays as it was, and can be tried again by the same link', async () => {
    const person = await asker();
    const { invoiceId } = await ask(person);
    expect(await answer(person, invoiceId, 'fail')).toBe('refused');
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'pro' }, payment: { state: 'ok' } });
    const again = await changePlan(b.ctx, { ...person, planId: 'max' }).catch((error) => error);
    expect(again.details.url).toContain(invoiceId);
    expect(await answer(person, invoiceId, 'complete')).toBe('paid');
    expect(await b.planOf(person)).toBe('max');
  });

  it('BILLING-80 is taken back by a resume, a cancellation and another change', async () => {
    const person = await asker('starter');
    const first = await ask(person, 'pro');
    expect(await resumeSubscription(b.ctx, person)).toMatchObject({
      pendingChange: null,
      plan: { id: 'starter' },
    });
    const second = await ask(person, 'max');
    const third = await ask(person, 'pro');
    const status = async (id: string) => (await b.bench.stripe.invoices.retrieve(id)).status;
    expect([await status(first.invoiceId), await status(second.invoiceId)]).toEqual(['void', 'void']);
    expect(await cancelSubscription(b.ctx, person)).toMatchObject({
      pendingChange: null,
      scheduledChange: { kind: 'cancellation' },
    });
    expect(await status(third.invoiceId)).toBe('void');
    expect(await leadToBank(b.ctx, { ...person, invoiceId: third.invoiceId })).toBeNull();
  });

  it('BILLING-80 confirmed, takes back the cancellation and the smaller plan that were to come', async () => {
    const cancelled = await asker();
    await cancelSubscription(b.ctx, cancelled);
    expect(await answer(cancelled, (await ask(cancelled)).invoiceId, 'complete')).toBe('paid');
    expect(await b.summary(cancelled)).toMatchObject({ plan: { id: 'max' }, scheduledChange: null });
    const smaller = await asker();
    await changePlan(b.ctx, { ...smaller, planId: 'starter' });
    expect(await answer(smaller, (await ask(smaller)).invoiceId, 'complete')).toBe('paid');
    expect(await b.summary(smaller)).toMatchObject({ plan: { id: 'max' }, scheduledChange: null });
  });

  it('BILLING-80 not answered for a day is gone, and nothing was charged', async () => {
    const person = await asker();
    const before = await paid(person);
    await ask(person);
    await b.moveTo('2026-11-26T12:00:00Z');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'pro' }, pendingChange: null });
    expect(await paid(person)).toBe(before);
  });

  it('BILLING-80 is nobody else’s to confirm', async () => {
    const { invoiceId } = await ask(await asker());
    const other = await asker();
    expect(await leadToBank(b.ctx, { ...other, invoiceId })).toBeNull();
    expect(await returnFromBank(b.ctx, { ...other, invoiceId })).toBe('failed');
  });
});

describe('a renewal that the bank wants to be asked about', () => {
  it('BILLING-81 is confirmed by Pay now, on a page that leads back', async () => {
    const person = await asker();
    await b.moveTo('2026-12-01T02:00:00Z');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ status: 'past_due' });
    const bank = (await leadToBank(b.ctx, { ...person, invoiceId: null })) ?? '';
    const back = new URL((await b.bench.page(bank, { result: 'complete' })).location ?? '');
    const invoiceId = back.searchParams.get('invoice') ?? '';
    expect(await returnFromBank(b.ctx, { ...person, invoiceId })).toBe('paid');
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'pro' }, status: 'active' });
  });
});

describe('a refused card', () => {
  it.each([['4000000000000341', 'Your bank refused the payment.']])(
    'BILLING-82 is told in our own words: %s',
    async (card, words) => {
      const person = await b.subscriber('pro');
      await b.changeCard(person, card);
      await b.moveTo('2026-11-25T12:00:00Z');
      await b.changeCard(person, card);
      const refused = await changePlan(b.ctx, { ...person, planId: 'max' }).catch((error) => error);
      expect(refused).toMatchObject({ reason: 'PAYMENT_FAILED' });
      expect(refused.message).toContain(words);
    },
  );
});
