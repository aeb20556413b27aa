import Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench, receiver } from '../testing';

const SECRET = 'whsec_environment';
let bench: Bench;
let hook: Awaited<ReturnType<typeof receiver>>;
beforeEach(async () => {
  hook = await receiver();
  bench = await Bench.open('2026-11-24T12:00:00Z', { url: hook.url, secret: SECRET });
});
afterEach(async () => {
  await bench.close();
  await hook.close();
});

const idle = async () => expect((await bench.control('idle?timeoutMs=8000')).idle).toBe(true);
const idsOf = () => hook.got.map(({ body }) => (JSON.parse(body) as Stripe.Event).id);

describe('webhooks', () => {
  it('are signed with the real time, whatever the clock here says', async () => {
    await bench.advanceTo('2027-06-01T00:00:00Z');
    const customer = await bench.stripe.customers.create({ email: 'a@x.io' }, { idempotencyKey: 'k' });
    await idle();
    const sent = hook.got[0];
    const event = bench.stripe.webhooks.constructEvent(sent?.body ?? '', sent?.signature ?? '', SECRET);
    expect(event).toMatchObject({
      type: 'customer.created',
      api_version: Stripe.API_VERSION,
      created: Date.UTC(2027, 5) / 1000,
      data: { object: { id: customer.id } },
      request: { idempotency_key: 'k' },
    });
    expect(() =>
      bench.stripe.webhooks.constructEvent(sent?.body ?? '', sent?.signature ?? '', 'whsec_other'),
    ).toThrow();
    expect((await bench.stripe.events.retrieve(event.id)).pending_webhooks).toBe(0);
  });

  it('come in an unfriendly order: the end of checkout before its beginning, and the creation stale', async () => {
    const { pro } = await bench.catalogue();
    await idle();
    hook.got.length = 0;
    const { subscription } = await bench.subscriber(pro.id);
    await idle();
    const planned = await bench.control<{ event: string }[]>('deliveries');
    const all = hook.got.map(({ body }) => JSON.parse(body) as Stripe.Event);
    const batch = planned.flatMap(({ event }) => all.find((sent) => sent.id === event)?.type ?? []);
    const types = batch.slice(batch.indexOf('checkout.session.completed'));
    expect(types[0]).toBe('checkout.session.completed');
    expect(types.indexOf('customer.subscription.updated')).toBeLessThan(
      types.indexOf('customer.subscription.created'),
    );
    const created = hook.got
      .map(({ body }) => JSON.parse(body))
      .find((event) => event.type === 'customer.subscription.created');
    expect(created.data.object).toMatchObject({ id: subscription.id, status: 'incomplete' });
    const updated = hook.got
      .map(({ body }) => JSON.parse(body))
      .find((event) => event.type === 'customer.subscription.updated');
    expect(updated.data.previous_attributes).toMatchObject({ status: 'incomplete' });
  });

  it('are repeated until they are taken, as the same event', async () => {
    await bench.control('webhooks', { retryDelaysMs: [20, 20, 20] });
    hook.answerWith((count) => (count < 3 ? 500 : 200));
    await bench.stripe.customers.create({});
    await idle();
    expect(new Set(idsOf()).size).toBe(1);
    expect(hook.got).toHaveLength(3);
    const [delivery] =
      await bench.control<{ status: string; attempts: { status: number }[] }[]>('deliveries');
    expect(delivery).toMatchObject({
      status: 'delivered',
      attempts: [{ status: 500 }, { status: 500 }, { status: 200 }],
    });
  });

  it('give up in the end, and can then be found in the list of events and sent again', async () => {
    await bench.control('webhooks', { retryDelaysMs: [10] });
    hook.answerWith(() => 500);
    await bench.stripe.customers.create({});
    await idle();
    const missed = await bench.stripe.events.list({ delivery_success: false });
    expect(missed.data.map((event) => [event.type, event.pending_webhooks])).toEqual([
      ['customer.created', 1],
    ]);
    hook.answerWith(() => 200);
    await bench.control(`redeliver/${missed.data[0]?.id}`, {});
    await idle();
    expect(idsOf().at(-1)).toBe(missed.data[0]?.id);
  });

  it('are doubled, shuffled, dropped and delayed on demand', async () => {
    await bench.control('webhooks', { duplicate: 2, order: 'shuffle', seed: 7 });
    await bench.catalogue();
    await idle();
    expect(hook.got).toHaveLength(6 * 3);
    expect(new Set(idsOf()).size).toBe(6);
    hook.got.length = 0;
    await bench.control('webhooks', { duplicate: 0, drop: ['customer.created'] });
    await bench.stripe.customers.create({});
    await bench.stripe.products.create({ name: 'x' });
    await idle();
    expect(hook.types()).toEqual(['product.created']);
    await bench.control('webhooks', { drop: 0, delayMs: 150 });
    const asked = Date.now();
    await bench.stripe.products.create({ name: 'y' });
    await idle();
    expect((hook.got.at(-1)?.at ?? 0) - asked).toBeGreaterThanOrEqual(140);
    await expect(bench.control('webhooks', { colour: 'red' })).rejects.toThrow('Unknown setting colour');
  });

  it('wait while paused and survive a restart', async () => {
    await bench.control('webhooks', { paused: true });
    await bench.stripe.customers.create({});
    await bench.restart();
    expect(hook.got).toHaveLength(0);
    await bench.control('webhooks', { paused: false });
    await idle();
    expect(hook.types()).toEqual(['customer.created']);
  });

  it('go to endpoints of the API, only for the events they name, with a secret shown once', async () => {
    const endpoint = await bench.stripe.webhookEndpoints.create({
      url: hook.url,
      enabled_events: ['product.created'],
      api_version: '2026-10-28.endive',
    });
    expect(endpoint.secret).toMatch(/^whsec_/);
    expect((await bench.stripe.webhookEndpoints.retrieve(endpoint.id)).secret).toBeUndefined();
    await bench.stripe.products.create({ name: 'x' });
    await bench.stripe.customers.create({});
    await idle();
    expect(hook.types().sort()).toEqual(['customer.created', 'product.created', 'product.created']);
    const own = hook.got.filter(({ body, signature }) => {
      try {
        return bench.stripe.webhooks.constructEvent(body, signature, endpoint.secret ?? '');
      } catch {
        return false;
      }
    });
    expect(own).toHaveLength(1);
    await bench.stripe.webhookEndpoints.update(endpoint.id, { disabled: true });
    await bench.stripe.products.create({ name: 'y' });
    await idle();
    expect(hook.got).toHaveLength(4);
    expect((await bench.stripe.webhookEndpoints.list()).data).toHaveLength(2);
  });
});
