import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench, failure, GOOD_CARD, seconds } from '../testing';

let bench: Bench;
let prices: Awaited<ReturnType<Bench['catalogue']>>;
let customer: Stripe.Customer;
beforeEach(async () => {
  bench = await Bench.open('2026-11-24T12:00:00Z');
  prices = await bench.catalogue();
  customer = await bench.stripe.customers.create({ email: 'ada@example.com' });
});
afterEach(() => bench.close());

const subscriptionsOf = async () => (await bench.stripe.subscriptions.list({ customer: customer.id })).data;

describe('checkout', () => {
  it('charges the days until the first of the month on its page', async () => {
    const session = await bench.checkout(customer.id, prices.pro.id);
    expect(session).toMatchObject({
      status: 'open',
      payment_status: 'unpaid',
      subscription: null,
      amount_total: 412,
    });
    const shown = await bench.page(session.url ?? '');
    expect(shown.text).toContain('Test payments');
    expect(shown.text).toContain('$4.12');
    expect(shown.text).toContain('value="ada@example.com" readonly');
    expect(shown.text).not.toContain('<script');
    const paid = await bench.page(session.url ?? '', GOOD_CARD);
    expect(paid).toMatchObject({
      status: 303,
      location: `https://shop.example/return?checkout=${session.id}`,
    });
    const done = await bench.stripe.checkout.sessions.retrieve(session.id, {
      expand: ['subscription', 'invoice', 'line_items'],
    });
    expect(done).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      url: null,
      client_reference_id: 'acc_1',
    });
    const subscription = done.subscription as Stripe.Subscription;
    expect(subscription).toMatchObject({ status: 'active', metadata: { account: 'acc_1' } });
    expect(subscription.billing_cycle_anchor).toBe(seconds('2026-12-01T00:00:00Z'));
    expect(subscription.items.data[0]?.current_period_end).toBe(seconds('2026-12-01T00:00:00Z'));
    expect(done.invoice).toMatchObject({
      billing_reason: 'subscription_create',
      amount_paid: 412,
      status: 'paid',
    });
    expect(done.line_items?.data[0]?.price?.id).toBe(prices.pro.id);
  });

  it('keeps the session open and makes nothing when the card is declined', async () => {
    const session = await bench.checkout(customer.id, prices.pro.id);
    const refused = {
      '4000000000000002': /declined/,
      '4000000000009995': /insufficient/,
      '4000000000000069': /expired/,
    };
    for (const [cardNumber, words] of Object.entries(refused)) {
      const answer = await bench.page(session.url ?? '', { ...GOOD_CARD, cardNumber });
      expect(answer.status).toBe(402);
      expect(answer.text).toMatch(words);
      expect(answer.text).toContain('role="alert"');
    }
    const odd = await bench.page(session.url ?? '', { ...GOOD_CARD, cardNumber: '4111111111111111' });
    expect(odd.text).toContain('not a test card');
    const late = await bench.page(session.url ?? '', { ...GOOD_CARD, cardExpiry: '10/26' });
    expect(late.text).toContain('in the past');
    expect((await bench.stripe.checkout.sessions.retrieve(session.id)).status).toBe('open');
    expect(await subscriptionsOf()).toEqual([]);
    expect((await bench.page(session.url ?? '', GOOD_CARD)).status).toBe(303);
  });

  it('asks the owner of a 3D Secure card', async () => {
    const session = await bench.checkout(customer.id, prices.pro.id);
    const card = { ...GOOD_CARD, cardNumber: '4000 0025 0000 3155' };
    const asked = await bench.page(session.url ?? '', card);
    expect(asked.location).toBe(`/c/pay/${session.id}/challenge`);
    expect((await bench.page(asked.location ?? '')).text).toContain('Confirm with your bank');
    const failed = await bench.page(asked.location ?? '', { result: 'fail' });
    expect(failed.text).toContain('unable to authenticate');
    await bench.page(session.url ?? '', card);
    const passed = await bench.page(asked.location ?? '', { result: 'complete' });
    expect(passed.location).toContain('shop.example/return');
    expect((await subscriptionsOf())[0]?.status).toBe('active');
  });

  it('expires by request and by the clock, and says so on its page', async () => {
    const one = await bench.checkout(customer.id, prices.pro.id);
    expect(await bench.stripe.checkout.sessions.expire(one.id)).toMatchObject({
      status: 'expired',
      url: null,
    });
    expect(await failure(bench.stripe.checkout.sessions.expire(one.id))).toMatchObject({ statusCode: 400 });
    const two = await bench.checkout(customer.id, prices.pro.id);
    await bench.advanceTo('2026-11-25T12:00:01Z');
    const page = await bench.page(two.url ?? '', GOOD_CARD);
    expect(page).toMatchObject({ status: 410 });
    expect(page.text).toContain('expired');
    const open = await bench.stripe.checkout.sessions.list({ customer: customer.id, status: 'open' });
    expect(open.data).toEqual([]);
    expect((await bench.eventTypes()).filter((type) => type === 'checkout.session.expired')).toHaveLength(2);
  });

  it('is paid once, however often the form is sent', async () => {
    const session = await bench.checkout(customer.id, prices.pro.id);
    const sent = await Promise.all([1, 2, 3].map(() => bench.page(session.url ?? '', GOOD_CARD)));
    expect(sent.filter((answer) => answer.status === 303)).toHaveLength(1);
    expect(await subscriptionsOf()).toHaveLength(1);
    expect((await bench.page(session.url ?? '')).text).toContain('Already paid');
  });

  it('saves a card in setup mode', async () => {
    const session = await bench.stripe.checkout.sessions.create({
      mode: 'setup',
      customer: customer.id,
      currency: 'usd',
      success_url: 'https://shop.example/{CHECKOUT_SESSION_ID}',
    });
    await bench.page(session.url ?? '', { ...GOOD_CARD, cardNumber: '4000000000000341' });
    const done = await bench.stripe.checkout.sessions.retrieve(session.id, { expand: ['setup_intent'] });
    expect(done).toMatchObject({ status: 'complete', payment_status: 'no_payment_required' });
    const method = (done.setup_intent as Stripe.SetupIntent).payment_method as string;
    expect((await bench.stripe.paymentMethods.retrieve(method)).card?.last4).toBe('0341');
    expect((await bench.stripe.customers.listPaymentMethods(customer.id)).data).toHaveLength(1);
  });

  it('sells in the currency that is asked for', async () => {
    const session = await bench.stripe.checkout.sessions.create({
      mode: 'subscription',
      customer: customer.id,
      currency: 'eur',
      line_items: [{ price: prices.pro.id, quantity: 1 }],
      success_url: 'https://shop.example/',
    });
    expect(session).toMatchObject({ currency: 'eur', amount_total: 2000 });
    await bench.control(`checkout/${session.id}/complete`, {});
    expect((await subscriptionsOf())[0]?.currency).toBe('eur');
    const pounds = { currency: 'gbp', mode: 'subscription' as const, success_url: 'https://x' };
    const items = [{ price: prices.pro.id, quantity: 1 }];
    const refused = bench.stripe.checkout.sessions.create({ ...pounds, line_items: items });
    expect(await failure(refused)).toMatchObject({ param: 'currency' });
  });

  it('refuses what cannot be combined', async () => {
    const create = (extra: Partial<Stripe.Checkout.SessionCreateParams>) =>
      failure(
        bench.stripe.checkout.sessions.create({
          mode: 'subscription',
          customer: customer.id,
          line_items: [{ price: prices.pro.id, quantity: 1 }],
          success_url: 'https://x.io',
          ...extra,
        }),
      );
    const both = { trial_period_days: 7, billing_cycle_anchor_config: { day_of_month: 1 } };
    expect(await create({ subscription_data: both })).toMatchObject({ code: 'parameters_exclusive' });
    expect(await create({ customer_email: 'b@x.io' })).toMatchObject({ code: 'parameters_exclusive' });
    expect(await create({ automatic_tax: { enabled: true } })).toMatchObject({ param: 'customer_update' });
    expect(await create({ expires_at: seconds('2026-11-24T12:05:00Z') })).toMatchObject({
      param: 'expires_at',
    });
    expect(await create({ line_items: [{ price: 'price_none', quantity: 1 }] })).toMatchObject({
      code: 'resource_missing',
    });
    const taxed = { automatic_tax: { enabled: true }, customer_update: { address: 'auto' as const } };
    expect(await create(taxed)).toMatchObject({ param: 'line_items', type: 'StripeInvalidRequestError' });
    expect(await create({ success_url: 'javascript:alert(1)' })).toMatchObject({ code: 'url_invalid' });
    expect(await create({ mode: 'payment' })).toMatchObject({ param: 'line_items[0]' });
    expect(await create({ payment_intent_data: { description: 'x' } })).toMatchObject({
      param: 'payment_intent_data',
    });
  });

  it('is paid once with one charge and no invoice, which can be refunded in part', async () => {
    const price = await bench.stripe.prices.create({
      product_data: { name: 'Ten hours' },
      currency: 'usd',
      unit_amount: 400,
    });
    const session = await bench.stripe.checkout.sessions.create({
      mode: 'payment',
      customer: customer.id,
      line_items: [{ price: price.id, quantity: 1 }],
      success_url: 'https://x.io',
      payment_intent_data: { metadata: { pack: 'ten' } },
    });
    expect(session).toMatchObject({ amount_total: 400, payment_status: 'unpaid', payment_intent: null });
    const page = await bench.page(session.url ?? '');
    expect(page.text).toContain('You pay once.');
    await bench.page(session.url ?? '', { ...GOOD_CARD, cardNumber: '4000000000000341' });
    expect((await bench.stripe.paymentIntents.list({ customer: customer.id })).data).toEqual([]);
    await bench.page(session.url ?? '', GOOD_CARD);
    const done = await bench.stripe.checkout.sessions.retrieve(session.id);
    expect(done).toMatchObject({ status: 'complete', payment_status: 'paid', invoice: null });
    const [intent] = (
      await bench.stripe.paymentIntents.list({ customer: customer.id, expand: ['data.latest_charge'] })
    ).data;
    expect(intent).toMatchObject({
      id: done.payment_intent,
      status: 'succeeded',
      metadata: { pack: 'ten' },
      latest_charge: { amount: 400, amount_refunded: 0, disputed: false },
    });
    await bench.stripe.refunds.create({ payment_intent: intent?.id ?? '', amount: 100 });
    const [charge] = (await bench.stripe.charges.list({ customer: customer.id })).data;
    expect(charge).toMatchObject({ amount_refunded: 100, refunded: false });
    const types = await bench.eventTypes();
    expect(types).toEqual(
      expect.arrayContaining([
        'payment_intent.succeeded',
        'charge.succeeded',
        'checkout.session.completed',
        'charge.refunded',
      ]),
    );
    expect(types).not.toContain('invoice.paid');
  });

  it('starts a trial without charging', async () => {
    const session = await bench.checkout(customer.id, prices.pro.id, { trial_period_days: 10 });
    expect(session.amount_total).toBe(0);
    await bench.page(session.url ?? '', { ...GOOD_CARD, cardNumber: '4000000000000341' });
    const done = await bench.stripe.checkout.sessions.retrieve(session.id, { expand: ['invoice'] });
    expect(done.payment_status).toBe('no_payment_required');
    expect(done.invoice).toMatchObject({ amount_due: 0, status: 'paid' });
    expect((await subscriptionsOf())[0]).toMatchObject({
      status: 'trialing',
      trial_end: seconds('2026-12-04T12:00:00Z'),
    });
    await bench.advanceTo('2026-12-04T14:00:00Z');
    const types = await bench.eventTypes();
    expect(types).toContain('customer.subscription.trial_will_end');
    expect((await subscriptionsOf())[0]?.status).toBe('past_due');
  });
});
