import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench, failure, GOOD_CARD, seconds } from '../testing';

let bench: Bench;
let prices: Awaited<ReturnType<Bench['catalogue']>>;
let subscription: Stripe.Subscription;
let customer: Stripe.Customer;
let configuration: Stripe.BillingPortal.Configuration;
beforeEach(async () => {
  bench = await Bench.open('2026-11-24T12:00:00Z');
  prices = await bench.catalogue();
  ({ subscription, customer } = await bench.subscriber(prices.pro.id));
  configuration = await bench.stripe.billingPortal.configurations.create({
    features: {
      invoice_history: { enabled: true },
      payment_method_update: { enabled: true },
      subscription_cancel: {
        enabled: true,
        mode: 'at_period_end',
        cancellation_reason: { enabled: true, options: ['unused', 'other'] },
      },
      subscription_update: {
        enabled: true,
        default_allowed_updates: ['price'],
        proration_behavior: 'always_invoice',
        products: [prices.pro, prices.max].map((price) => ({
          product: price.product as string,
          prices: [price.id],
        })),
        schedule_at_period_end: { conditions: [{ type: 'decreasing_item_amount' }] },
      },
    },
  });
});
afterEach(() => bench.close());

function portal(flow_data?: Stripe.BillingPortal.SessionCreateParams['flow_data']) {
  return bench.stripe.billingPortal.sessions.create({
    customer: customer.id,
    configuration: configuration.id,
    return_url: 'https://shop.example/billing',
    flow_data,
  });
}
const redirect = { type: 'redirect' as const, redirect: { return_url: 'https://shop.example/done' } };

describe('the billing portal', () => {
  it('needs a configuration, and keeps the first as the default', async () => {
    expect(configuration).toMatchObject({ is_default: true, active: true });
    const changed = await bench.stripe.billingPortal.configurations.update(configuration.id, {
      features: { subscription_cancel: { enabled: false } },
    });
    expect(changed.features.subscription_cancel).toMatchObject({ enabled: false, mode: 'at_period_end' });
    expect(changed.features.invoice_history.enabled).toBe(true);
    expect((await bench.stripe.billingPortal.configurations.list({ active: true })).data).toHaveLength(1);
    const off = portal({
      type: 'subscription_cancel',
      subscription_cancel: { subscription: subscription.id },
    });
    expect((await failure(off)).message).toContain('disabled');
  });

  it('shows plan, card and invoices', async () => {
    const session = await portal();
    expect(session.flow).toBeNull();
    const { text } = await bench.page(session.url);
    for (const words of ['Test payments', 'Pro, $19.00 / month', '•••• 4242', '$4.12', 'Cancel plan']) {
      expect(text).toContain(words);
    }
    await bench.advanceTo('2026-11-24T14:00:00Z');
    expect((await bench.page(session.url)).status).toBe(410);
  });

  it('saves a card as the default of the customer and returns', async () => {
    const session = await portal({ type: 'payment_method_update', after_completion: redirect });
    expect(session.flow).toMatchObject({ type: 'payment_method_update', subscription_cancel: null });
    const bad = await bench.page(session.url, { ...GOOD_CARD, cardNumber: '4000000000000002' });
    expect(bad.status).toBe(402);
    const saved = await bench.page(`${session.url}/card`, { ...GOOD_CARD, cardNumber: '5555555555554444' });
    expect(saved.location).toBe('https://shop.example/done');
    const held = (await bench.stripe.customers.retrieve(customer.id, {
      expand: ['invoice_settings.default_payment_method'],
    })) as Stripe.Customer;
    expect((held.invoice_settings.default_payment_method as Stripe.PaymentMethod).card?.last4).toBe('4444');
  });

  it('leaves the card that checkout pinned to a subscription the one that is charged, until it is unpinned', async () => {
    const cardOf = async () => {
      const [charge] = (await bench.stripe.charges.list({ customer: customer.id })).data;
      return charge?.payment_method_details?.card?.last4;
    };
    const pinned = (await bench.subscription(subscription.id)).default_payment_method;
    const held = (await bench.stripe.customers.retrieve(customer.id)) as Stripe.Customer;
    expect([pinned, held.invoice_settings.default_payment_method]).toEqual([expect.any(String), null]);
    const session = await portal({ type: 'payment_method_update', after_completion: redirect });
    await bench.page(`${session.url}/card`, { ...GOOD_CARD, cardNumber: '5555555555554444' });
    expect((await bench.subscription(subscription.id)).default_payment_method).toBe(pinned);
    await bench.advanceTo('2026-12-01T02:00:00Z');
    expect(await cardOf()).toBe('4242');
    await bench.stripe.subscriptions.update(subscription.id, { default_payment_method: '' });
    await bench.advanceTo('2027-01-01T02:00:00Z');
    expect(await cardOf()).toBe('4444');
  });

  it('cancels at the period end with a reason, and renews', async () => {
    const session = await portal({
      type: 'subscription_cancel',
      subscription_cancel: { subscription: subscription.id },
      after_completion: redirect,
    });
    expect((await bench.page(session.url)).text).toContain('It stays yours until 1 Dec 2026');
    expect((await bench.page(`${session.url}/cancel`, { feedback: 'unused' })).location).toBe(
      'https://shop.example/done',
    );
    const cancelled = await bench.subscription(subscription.id);
    expect(cancelled).toMatchObject({ cancel_at: seconds('2026-12-01T00:00:00Z'), status: 'active' });
    expect(cancelled.cancellation_details?.feedback).toBe('unused');
    const again = portal({
      type: 'subscription_cancel',
      subscription_cancel: { subscription: subscription.id },
    });
    expect((await failure(again)).statusCode).toBe(400);
    const home = await portal();
    expect((await bench.page(home.url)).text).toContain('Renew plan');
    await bench.page(`${home.url}/renew`, {});
    expect((await bench.subscription(subscription.id)).cancel_at).toBeNull();
  });

  it('confirms an upgrade at the price it shows', async () => {
    const item = subscription.items.data[0]?.id ?? '';
    const flow = (price: string) => ({
      type: 'subscription_update_confirm' as const,
      subscription_update_confirm: {
        subscription: subscription.id,
        items: [{ id: item, price, quantity: 1 }],
      },
      after_completion: redirect,
    });
    expect((await failure(portal(flow(prices.pro.id)))).message).toContain('no changes to confirm');
    expect((await failure(portal(flow(prices.yearly.id)))).statusCode).toBe(400);
    const session = await portal(flow(prices.max.id));
    expect((await bench.page(session.url)).text).toContain('$4.33');
    await bench.page(`${session.url}/confirm`, {});
    const after = await bench.stripe.subscriptions.retrieve(subscription.id, { expand: ['latest_invoice'] });
    expect(after.items.data[0]?.price.id).toBe(prices.max.id);
    expect(after.latest_invoice).toMatchObject({ amount_paid: 433 });
  });

  it('puts a cheaper plan off to the period end where it is told to', async () => {
    const session = await portal();
    const choose = async (price: string) => {
      const next = await bench.page(`${session.url}/plan`, { price });
      expect((await bench.page(next.location ?? '')).text).toContain('Confirm');
      await bench.page(`${session.url}/confirm`, { price });
    };
    await choose(prices.max.id);
    await choose(prices.pro.id);
    const waiting = await bench.subscription(subscription.id);
    expect(waiting.items.data[0]?.price.id).toBe(prices.max.id);
    expect(waiting.schedule).not.toBeNull();
    await bench.advanceTo('2026-12-01T02:00:00Z');
    expect((await bench.subscription(subscription.id)).items.data[0]?.price.id).toBe(prices.pro.id);
  });
});
