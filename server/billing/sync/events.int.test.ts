import Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BillingWorld, WEBHOOK_SECRET } from '@/test/billing';
import { listPricedPlans } from '../catalogue/priced-plans';
import { receiveEvent } from './receive-event';
import { reconcileEvents } from './reconcile-events';

let b: BillingWorld;
beforeEach(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
});
afterEach(() => b.close());

const priceOf = async (planId: string) =>
  (await listPricedPlans(b.ctx, null)).find((plan) => plan.id === planId)?.price?.amount;

async function replacePrice(amount: number) {
  const { data } = await b.bench.stripe.prices.list({ lookup_keys: ['hourglass_pro_monthly'] });
  const [old] = data;
  await b.bench.stripe.prices.create({
    product: String(old?.product),
    currency: 'usd',
    unit_amount: amount,
    recurring: { interval: 'month' },
    lookup_key: 'hourglass_pro_monthly',
    transfer_lookup_key: true,
  });
  await b.bench.stripe.prices.update(old?.id ?? '', { active: false });
}

describe('a price changed at the provider', () => {
  it('BILLING-88 is in force with the next look for events, every webhook lost', async () => {
    const person = await b.person();
    await replacePrice(2100);
    expect(await priceOf('pro')).toBe(1900);
    expect(await reconcileEvents(b.ctx)).toBeGreaterThan(0);
    expect(await priceOf('pro')).toBe(2100);
    expect(await reconcileEvents(b.ctx)).toBe(0);
    const page = await b.openPage(person, 'pro');
    expect((await b.bench.stripe.checkout.sessions.listLineItems(page)).data[0]?.price?.unit_amount).toBe(
      2100,
    );
  });

  it('BILLING-88 withdrawn, the plan is no longer for sale', async () => {
    const { data } = await b.bench.stripe.prices.list({ lookup_keys: ['hourglass_pro_monthly'] });
    await b.bench.stripe.prices.update(data[0]?.id ?? '', { active: false });
    await reconcileEvents(b.ctx);
    expect(await priceOf('pro')).toBeUndefined();
  });
});

describe('an event without an object', () => {
  it('BILLING-16 is taken and not sent again and again', async () => {
    const body = JSON.stringify({
      id: 'evt_thin',
      object: 'v2.core.event',
      type: 'v1.billing.meter.no_meter_found',
    });
    const signature = await Stripe.webhooks.generateTestHeaderStringAsync({
      payload: body,
      secret: WEBHOOK_SECRET,
    });
    expect(await receiveEvent(b.ctx, body, signature)).toMatchObject({ status: 200 });
    expect(await receiveEvent(b.ctx, body, 't=1,v1=00')).toMatchObject({ status: 400 });
  });
});
