import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BillingWorld, type Person } from '@/test/billing';
import { syncCatalogue } from './catalogue/sync-catalogue';
import { changePlan } from './change-plan';
import { openPortal } from './checkout/open-portal';
import { previewChange } from './preview-change';

const ASKS = '4000002500003155';

let b: BillingWorld;
beforeEach(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
});
afterEach(() => b.close());

const sessionOf = (page: string) => b.bench.stripe.checkout.sessions.retrieve(page);

/** Returns a user whose bank requires a confirmation of the first payment. */
async function asked(): Promise<{ person: Person; page: string }> {
  const person = await b.person();
  const page = await b.openPage(person, 'pro');
  const form = { cardNumber: ASKS, cardExpiry: '12 / 34', cardCvc: '123', billingName: 'Ada' };
  const answer = await b.bench.page(`/c/pay/${page}`, { ...form, email: 'ada@hourglass.test' });
  expect(answer.location).toContain('/challenge');
  await b.sync(person);
  return { person, page };
}

describe('a first payment that the bank asks about', () => {
  it('BILLING-43 keeps its page open, leads back to it, and gives the plan when it is answered', async () => {
    const { person, page } = await asked();
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'free' }, payment: { state: 'incomplete' } });
    expect((await sessionOf(page)).status).toBe('open');
    for (const planId of ['pro', 'max']) expect(await b.openPage(person, planId)).toBe(page);
    await b.bench.page(`/c/pay/${page}/challenge`, { result: 'complete' });
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'pro' }, payment: { state: 'ok' } });
    expect(await b.subscriptionsOf(person)).toHaveLength(1);
    expect(await b.chargesOf(person)).toHaveLength(1);
  });

  it('BILLING-43 that is never answered charges nothing, and a plan can be bought anew', async () => {
    const { person, page } = await asked();
    await b.moveTo('2026-11-25T12:00:10Z');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ payment: { state: 'none' } });
    const next = await b.openPage(person, 'max');
    expect(next).not.toBe(page);
    await b.pay(next);
    await b.sync(person);
    expect(await b.planOf(person)).toBe('max');
    expect(await b.chargesOf(person)).toHaveLength(1);
  });
});

describe('the catalogue', () => {
  it('BILLING-4 made again switches off what somebody switched on in the portal', async () => {
    const configurations = b.bench.stripe.billingPortal.configurations;
    const [ours] = (await configurations.list({ active: true })).data;
    await configurations.update(ours?.id ?? '', { features: { subscription_cancel: { enabled: true } } });
    await syncCatalogue(b.ctx);
    const [mended] = (await configurations.list({ active: true })).data;
    expect(mended?.features.subscription_cancel.enabled).toBe(false);
  });
});

describe('what the provider refuses', () => {
  it('BILLING-44 because a price was replaced since it was read is done with the new one', async () => {
    const person = await b.person();
    const [old] = (await b.bench.stripe.prices.list({ lookup_keys: ['hourglass_pro_monthly'] })).data;
    await b.bench.stripe.prices.create({
      product: String(old?.product),
      currency: 'usd',
      unit_amount: 2100,
      recurring: { interval: 'month' },
      lookup_key: 'hourglass_pro_monthly',
      transfer_lookup_key: true,
    });
    await b.bench.stripe.prices.update(old?.id ?? '', { active: false });
    await b.pay(await b.openPage(person, 'pro'));
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'pro' }, nextCharge: { amount: 2100 } });
  });

  it('BILLING-44 for good is a sentence and not a defect', async () => {
    const person = await b.person();
    await b.bench.control('faults', {
      kind: 'status',
      method: 'POST',
      path: '/v1/checkout/sessions$',
      status: 400,
      code: 'parameter_invalid_empty',
      times: 5,
    });
    await expect(b.openPage(person, 'pro')).rejects.toMatchObject({
      reason: 'BILLING_UNAVAILABLE',
      message: expect.stringMatching(/did not accept this/),
    });
  });

  it('BILLING-44 a portal configuration that was switched off keeps nobody from changing a card', async () => {
    const person = await b.subscriber('pro');
    const [ours] = (await b.bench.stripe.billingPortal.configurations.list({ active: true })).data;
    await b.bench.stripe.billingPortal.configurations.create({
      features: { payment_method_update: { enabled: true } },
    });
    const set = (id: string) => b.ctx.sql`update stripe_setup set value = ${b.ctx.sql.json({ id })}`;
    await set('bpc_of_another_mode');
    expect((await openPortal(b.ctx, person)).url).toContain('/p/session/');
    await set(ours?.id ?? '');
  });

  it('BILLING-44 a preview of the month before, or of a time to come, is looked at again', async () => {
    const person = await b.subscriber('pro');
    await b.moveTo('2026-11-30T23:58:00Z');
    const { prorationDate } = await previewChange(b.ctx, { ...person, planId: 'max' });
    await b.moveTo('2026-12-01T00:03:00Z');
    for (const at of [prorationDate, prorationDate + 600]) {
      const late = changePlan(b.ctx, { ...person, planId: 'max', prorationDate: at });
      await expect(late).rejects.toMatchObject({ reason: 'INVALID_INPUT' });
    }
    expect(await b.planOf(person)).toBe('pro');
  });
});
