import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BillingWorld, DECLINED, GOOD } from '@/test/billing';
import { listPricedPlans } from '../catalogue/priced-plans';
import { syncCatalogue } from '../catalogue/sync-catalogue';
import { previewChange } from '../preview-change';
import { openUpgrade } from './open-upgrade';
import { returnFromCheckout } from './return-from-checkout';

let b: BillingWorld;
beforeAll(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
});
afterAll(() => b.close());

describe('the catalogue', () => {
  it('BILLING-4 is made once, and made again it changes nothing', async () => {
    const first = await syncCatalogue(b.ctx);
    const made = await b.bench.control('state');
    const second = await syncCatalogue(b.ctx);
    expect(await b.bench.control('state')).toEqual(made);
    expect(second.plans).toEqual(first.plans);
    expect(second.portal).toEqual(first.portal);
    expect(first.webhook).toHaveProperty('secret');
    expect(second.webhook).not.toHaveProperty('secret');
    expect(first.plans.find((plan) => plan.planId === 'pro')).toMatchObject({
      prices: { usd: 1900, eur: 1900, chf: 1900, gbp: 1600 },
    });
    expect(first.plans.find((plan) => plan.planId === 'custom')).toMatchObject({ priceId: null });
  });

  it('BILLING-1 prices are shown in the currency that is charged', async () => {
    const priceOf = async (currency?: string) =>
      (await listPricedPlans(b.ctx, null, currency)).map((plan) => plan.price?.amount ?? null);
    expect(await priceOf()).toEqual([null, null, 900, 1900, 3900, null]);
    expect(await priceOf('gbp')).toEqual([null, null, 800, 1600, 3300, null]);
    expect(await priceOf('jpy')).toEqual([null, null, 900, 1900, 3900, null]);
    const person = await b.person();
    const { url } = await openUpgrade(b.ctx, { ...person, planId: 'pro', currency: 'gbp' });
    const page = await b.bench.page(url);
    expect(page.text).toContain('£16');
  });
});

describe('checkout', () => {
  it('BILLING-6 shows what is due today and on the first before anything is paid, and charges exactly that', async () => {
    const person = await b.person();
    const preview = await previewChange(b.ctx, { ...person, planId: 'pro' });
    expect(preview).toMatchObject({
      effective: 'now',
      dueNow: Math.round((1900 * 6.5) / 30),
      next: { amount: 1900, at: '2026-12-01T00:00:00.000Z' },
      currency: 'usd',
    });
    await b.pay(await b.openPage(person, 'pro'));
    await b.sync(person);
    expect((await b.invoicesOf(person)).map((invoice) => invoice.amount_paid)).toEqual([preview.dueNow]);
    expect(await b.summary(person)).toMatchObject({
      plan: { id: 'pro' },
      ownPlan: { id: 'free' },
      status: 'active',
      nextCharge: { amount: 1900, currency: 'usd', at: '2026-12-01T00:00:00.000Z' },
      payment: { state: 'ok', card: { brand: 'visa', last4: '4242' } },
    });
    expect(await b.signInEmails(person)).toEqual(['plan.changed']);
  });

  it('BILLING-5 fifty ways at once make one customer and one payment page', async () => {
    const person = await b.person();
    const ways = await Promise.all(
      Array.from({ length: 50 }, () => openUpgrade(b.ctx, { ...person, planId: 'max' })),
    );
    expect(new Set(ways.map((way) => way.url)).size).toBe(1);
    const customers = await b.bench.stripe.customers.list({ limit: 100 });
    expect(customers.data.filter((one) => one.metadata.account === person.accountId)).toHaveLength(1);
  });

  it('BILLING-5 another plan replaces the page of the first, whichever tab was first', async () => {
    const person = await b.person();
    const plans = ['starter', 'pro', 'max', 'pro', 'starter', 'max'];
    await Promise.all(plans.map((planId) => openUpgrade(b.ctx, { ...person, planId })));
    const last = await b.openPage(person, 'pro');
    const customer = await b.customerOf(person);
    const open = await b.bench.stripe.checkout.sessions.list({ customer, status: 'open', limit: 100 });
    expect(open.data.map((page) => page.id)).toEqual([last]);
  });

  it('BILLING-5 a choice that another tab replaces while its page is being made gives way to it, each time', async () => {
    const person = await b.person();
    const { payments } = b.ctx;
    if (!payments) throw new Error('There are no payments.');
    let later = '';
    // The other tab chooses each time a page of this one was made and is not yet recorded.
    const make: typeof payments.make = async (key, write) => {
      const made = await payments.make(key, write);
      if (key.startsWith('checkout:')) later = await b.openPage(person, 'max');
      return made;
    };
    const ctx = { ...b.ctx, payments: { ...payments, make } };
    const { url } = await openUpgrade(ctx, { ...person, planId: 'pro', from: '/usage' });
    expect(url).toBe(`${b.ctx.env.APP_URL}/usage`);
    const customer = await b.customerOf(person);
    const open = await b.bench.stripe.checkout.sessions.list({ customer, status: 'open', limit: 100 });
    expect(open.data.map((page) => page.id)).toEqual([later]);
  });

  it('BILLING-5 who pays is led to the confirmation, by the back button too, and other pages are closed', async () => {
    const person = await b.person();
    const first = await b.openPage(person, 'starter');
    await b.pay(first);
    const { url } = await openUpgrade(b.ctx, { ...person, planId: 'starter' });
    expect(url).toContain('/billing/upgrade?plan=starter&confirm=1');
    await b.pay(first).catch(() => {});
    expect(await b.subscriptionsOf(person)).toHaveLength(1);
  });

  it('BILLING-5 two that completed all the same: the newer is cancelled and refunded', async () => {
    const person = await b.person();
    const first = await b.openPage(person, 'pro');
    const [row] = await b.ctx.sql<
      { id: string }[]
    >`select id from checkout where stripe_session_id = ${first}`;
    // An open page that our own rules would have closed.
    const stray = await b.bench.stripe.checkout.sessions.create({
      mode: 'subscription',
      customer: await b.customerOf(person),
      line_items: [{ price: await priceOf('max'), quantity: 1 }],
      success_url: 'https://example.test/',
      subscription_data: {
        billing_cycle_anchor_config: { day_of_month: 1, hour: 0, minute: 0, second: 0 },
        metadata: { account: person.accountId, checkout: `${row?.id}-2` },
      },
    });
    await b.pay(first);
    await b.moveTo('2026-11-24T12:00:05Z');
    await b.pay(stray.id);
    await b.sync(person);
    const all = await b.subscriptionsOf(person);
    expect(all.map((one) => one.status).sort()).toEqual(['active', 'canceled']);
    expect(await b.planOf(person)).toBe('pro');
    const refunds = await b.bench.stripe.refunds.list({ limit: 10 });
    expect(refunds.data[0]).toMatchObject({ reason: 'duplicate', amount: expect.any(Number) });
    await b.sync(person);
    expect((await b.bench.stripe.refunds.list({ limit: 10 })).data).toHaveLength(refunds.data.length);
  });

  it('BILLING-17 two subscriptions that we did not make are left alone and the better one counts', async () => {
    const person = await b.person();
    await openUpgrade(b.ctx, { ...person, planId: 'pro' });
    const customer = await b.customerOf(person);
    const card = await b.bench.control(`customers/${customer}/card`, { card: GOOD });
    expect(card).toBeTruthy();
    for (const plan of ['max', 'starter']) {
      await b.bench.stripe.subscriptions.create({ customer, items: [{ price: await priceOf(plan) }] });
    }
    await b.sync(person);
    expect(await b.planOf(person)).toBe('max');
    expect((await b.subscriptionsOf(person)).map((one) => one.status)).toEqual(['active', 'active']);
  });

  it('BILLING-5 a declined card and an abandoned page change nothing; the page is used again', async () => {
    const person = await b.person();
    const page = await b.openPage(person, 'pro');
    expect(await b.pay(page, DECLINED)).toMatchObject({ state: 'declined' });
    expect(await returnFromCheckout(b.ctx, { ...person, sessionId: page })).toBe('open');
    expect(await b.planOf(person)).toBe('free');
    expect(await b.summary(person)).toMatchObject({ status: null, payment: { state: 'none' } });
    expect(await b.openPage(person, 'pro')).toBe(page);
    await b.pay(page);
    expect(await returnFromCheckout(b.ctx, { ...person, sessionId: page })).toBe('paid');
    expect(await b.planOf(person)).toBe('pro');
  });

  it('BILLING-5 a page that expired is replaced by a fresh one', async () => {
    const person = await b.person();
    const page = await b.openPage(person, 'pro');
    await b.bench.stripe.checkout.sessions.expire(page);
    expect(await returnFromCheckout(b.ctx, { ...person, sessionId: page })).toBe('failed');
    expect(await b.openPage(person, 'pro')).not.toBe(page);
  });

  it('BILLING-5 a customer that was deleted at the provider is made anew, and only then', async () => {
    const person = await b.subscriber('starter');
    const before = await b.customerOf(person);
    await b.bench.stripe.customers.del(before);
    await b.sync(person);
    expect(await b.planOf(person)).toBe('free');
    await b.pay(await b.openPage(person, 'pro'));
    await b.sync(person);
    expect(await b.planOf(person)).toBe('pro');
    expect(await b.customerOf(person)).not.toBe(before);
  });

  it("BILLING-18 coming back with somebody else's page grants nothing", async () => {
    const [mallory, other] = [await b.person(), await b.person()];
    await openUpgrade(b.ctx, { ...mallory, planId: 'pro' });
    const page = await b.openPage(other, 'pro');
    await b.pay(page);
    expect(await returnFromCheckout(b.ctx, { ...mallory, sessionId: page })).toBe('failed');
    expect(await returnFromCheckout(b.ctx, { ...mallory, sessionId: 'cs_test_nothing' })).toBe('failed');
    expect(await b.planOf(mallory)).toBe('free');
  });

  it.each([
    ['custom', 'NOT_FOR_SALE'],
    ['free', 'NOT_FOR_SALE'],
    ['trial', 'NOT_FOR_SALE'],
    ['gold', 'INVALID_INPUT'],
  ])('BILLING-3 the plan %s cannot be bought: %s', async (planId, reason) => {
    const person = await b.person();
    await expect(openUpgrade(b.ctx, { ...person, planId })).rejects.toMatchObject({ reason });
  });

  it('BILLING-14 a plan no bigger than what the account has of its own is not sold', async () => {
    const person = await b.person({ planId: 'max' });
    await expect(openUpgrade(b.ctx, { ...person, planId: 'pro' })).rejects.toMatchObject({
      reason: 'INVALID_INPUT',
    });
  });
});

async function priceOf(planId: string): Promise<string> {
  const [row] = await b.ctx.sql<
    { id: string }[]
  >`select stripe_price_id as id from plan where id = ${planId}`;
  return row?.id ?? '';
}
