import Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startStripe } from '../server';
import { Bench, failure } from '../testing';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open('2026-11-24T12:00:00Z');
});
afterEach(() => bench.close());

/** Sends a request that the SDK would not send. */
function raw(path: string, init: RequestInit = {}) {
  const headers = { authorization: 'Bearer sk_test_x', 'content-type': 'application/x-www-form-urlencoded' };
  return fetch(`${bench.server.url}${path}`, { ...init, headers: { ...headers, ...init.headers } });
}

describe('the wire', () => {
  it('refuses to run in production', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    await expect(startStripe({ port: 0, stateDir: '/nowhere' })).rejects.toThrow(
      /development and tests only/,
    );
    vi.unstubAllEnvs();
  });

  it('wants a test key and the pinned version', async () => {
    const none = await fetch(`${bench.server.url}/v1/prices`);
    expect(none.status).toBe(401);
    const live = new Stripe('sk_live_x', { host: '127.0.0.1', port: bench.server.port, protocol: 'http' });
    expect((await failure(live.prices.list())).statusCode).toBe(401);
    const old = await raw('/v1/prices', { headers: { 'stripe-version': '2020-08-27' } });
    expect(await old.json()).toMatchObject({
      error: { message: expect.stringContaining('schema/generate.ts') },
    });
  });

  it('answers unknown addresses and ids with an error object', async () => {
    const route = await raw('/v1/balance');
    expect(route.status).toBe(404);
    expect(await route.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
    const error = await failure(bench.stripe.subscriptions.retrieve('sub_none'));
    expect(error).toMatchObject({ statusCode: 404, code: 'resource_missing', param: 'id' });
    expect(error).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
    expect(error.requestId).toMatch(/^req_/);
  });

  it('refuses unknown, missing and ill-typed parameters by name', async () => {
    const { pro } = await bench.catalogue();
    const base = {
      mode: 'subscription' as const,
      success_url: 'https://x',
      line_items: [{ price: pro.id, quantity: 1 }],
    };
    const removed = { ...base, payment_method_types: ['card'] } as Stripe.Checkout.SessionCreateParams;
    expect(await failure(bench.stripe.checkout.sessions.create(removed))).toMatchObject({
      code: 'parameter_unknown',
      param: 'payment_method_types',
    });
    const misspelt = { name: 'x', metadata: {}, colour: 'red' } as Stripe.ProductCreateParams;
    expect(await failure(bench.stripe.products.create(misspelt))).toMatchObject({ param: 'colour' });
    const nested = { product: pro.product, currency: 'usd', unit_amount: 1, recurring: { every: 'month' } };
    expect(await failure(bench.stripe.prices.create(nested as never))).toMatchObject({
      param: 'recurring[every]',
    });
    expect(await failure(bench.stripe.products.create({} as never))).toMatchObject({
      code: 'parameter_missing',
      param: 'name',
    });
    expect(await failure(bench.stripe.prices.list({ limit: 'ten' as never }))).toMatchObject({
      code: 'parameter_invalid_integer',
    });
    const unset = await raw('/v1/customers', {
      method: 'POST',
      body: 'name=Ada&metadata[a]=1&metadata[b]=2',
    });
    const { id } = (await unset.json()) as Stripe.Customer;
    const emptied = await bench.stripe.customers.update(id, { metadata: '', name: '' });
    expect(emptied.metadata).toEqual({});
    const string = await raw('/v1/subscriptions/sub_1', { method: 'POST', body: 'billing_cycle_anchor=now' });
    expect(string.status).toBe(400);
  });

  it('replays an answer under its idempotency key and refuses other parameters', async () => {
    const options = { idempotencyKey: 'customer:1' };
    const one = await bench.stripe.customers.create({ email: 'a@x.io' }, options);
    const two = await bench.stripe.customers.create({ email: 'a@x.io' }, options);
    expect(two.id).toBe(one.id);
    expect(two.lastResponse.headers['idempotent-replayed']).toBe('true');
    const other = await failure(bench.stripe.customers.create({ email: 'b@x.io' }, options));
    expect(other).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
    expect((await bench.stripe.customers.list()).data).toHaveLength(1);
    await bench.restart();
    expect((await bench.stripe.customers.create({ email: 'a@x.io' }, options)).id).toBe(one.id);
  });

  it('keeps refusals of an endpoint under the key, but not those of its parameters', async () => {
    const options = { idempotencyKey: 'k1' };
    await failure(bench.stripe.subscriptions.update('sub_none', { metadata: { a: '1' } }, options));
    const again = await raw('/v1/subscriptions/sub_none', {
      method: 'POST',
      headers: { 'idempotency-key': 'k1' },
      body: 'metadata[a]=1',
    });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    await failure(bench.stripe.customers.create({ colour: 'red' } as never, { idempotencyKey: 'k2' }));
    expect((await bench.stripe.customers.create({ name: 'x' }, { idempotencyKey: 'k2' })).name).toBe('x');
  });

  it('answers 409 while the first request of a key is still running', async () => {
    await bench.control('faults', { kind: 'latency', latencyMs: 300, times: 1, path: 'customers' });
    const options = { idempotencyKey: 'slow' };
    const first = bench.stripe.customers.create({ name: 'x' }, options);
    await expect.poll(async () => (await bench.control<unknown[]>('requests')).length).toBe(1);
    const second = await failure(bench.stripe.customers.create({ name: 'x' }, options));
    expect(second).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
    expect((await first).name).toBe('x');
  });

  it('pages lists newest first, in both directions', async () => {
    for (let n = 1; n <= 5; n++) await bench.stripe.customers.create({ name: `c${n}` });
    const page = await bench.stripe.customers.list({ limit: 2 });
    expect(page.data.map((c) => c.name)).toEqual(['c5', 'c4']);
    expect(page.has_more).toBe(true);
    const next = await bench.stripe.customers.list({ limit: 3, starting_after: page.data[1]?.id });
    expect(next.data.map((c) => c.name)).toEqual(['c3', 'c2', 'c1']);
    expect(next.has_more).toBe(false);
    const back = await bench.stripe.customers.list({ limit: 2, ending_before: next.data[1]?.id });
    expect(back.data.map((c) => c.name)).toEqual(['c4', 'c3']);
    const all = await bench.stripe.customers.list({ limit: 2 }).autoPagingToArray({ limit: 100 });
    expect(all).toHaveLength(5);
    expect(await failure(bench.stripe.customers.list({ limit: 101 }))).toMatchObject({ param: 'limit' });
  });

  it('expands ids, four levels deep at most', async () => {
    const { pro } = await bench.catalogue();
    const { subscription } = await bench.subscriber(pro.id);
    const full = await bench.stripe.subscriptions.retrieve(subscription.id, {
      expand: ['customer', 'default_payment_method'],
    });
    const invoice = await bench.stripe.invoices.retrieve(full.latest_invoice as string, {
      expand: ['payments.data.payment.payment_intent'],
    });
    expect((full.customer as Stripe.Customer).email).toBe('ada@example.com');
    expect((invoice.payments?.data[0]?.payment.payment_intent as Stripe.PaymentIntent).status).toBe(
      'succeeded',
    );
    expect((full.default_payment_method as Stripe.PaymentMethod).card?.last4).toBe('4242');
    const listed = await bench.stripe.prices.list({
      lookup_keys: ['pro_month'],
      expand: ['data.currency_options', 'data.product'],
    });
    expect(listed.data[0]?.currency_options?.eur?.unit_amount).toBe(2000);
    expect((listed.data[0]?.product as Stripe.Product).name).toBe('Pro');
    const deep = bench.stripe.subscriptions.list({ expand: ['data.items.data.price.product'] });
    expect((await failure(deep)).message).toMatch(/4 levels/);
    expect((await failure(bench.stripe.prices.list({ expand: ['data.colour'] }))).message).toMatch(
      /cannot be expanded/,
    );
  });

  it('keeps everything over a restart', async () => {
    const { pro } = await bench.catalogue();
    const { subscription } = await bench.subscriber(pro.id);
    await bench.advanceTo('2026-12-05T00:00:00Z');
    const before = await bench.control('state');
    await bench.restart();
    expect(await bench.control('state')).toEqual(before);
    expect((await bench.subscription(subscription.id)).items.data[0]?.current_period_end).toBe(
      Date.UTC(2027, 0) / 1000,
    );
  });

  it('does what it is told to do wrong', async () => {
    const { stripe } = bench;
    await bench.control('faults', { kind: 'status', status: 500, times: 1 });
    expect((await failure(stripe.prices.list())).statusCode).toBe(500);
    await bench.control('faults', { kind: 'status', status: 429, times: 1, path: '/v1/prices' });
    expect(await failure(stripe.prices.list())).toBeInstanceOf(Stripe.errors.StripeRateLimitError);
    await bench.control('faults', { kind: 'hang', times: 1, path: 'products' });
    const hasty = new Stripe('sk_test_x', {
      host: '127.0.0.1',
      port: bench.server.port,
      protocol: 'http',
      timeout: 200,
      maxNetworkRetries: 0,
    });
    expect((await failure(hasty.products.list())).message).toMatch(/timeout|aborted|timed out/i);
    await bench.control('faults', { kind: 'after_commit_status', status: 500, method: 'POST', times: 1 });
    const options = { idempotencyKey: 'lost' };
    await failure(stripe.customers.create({ name: 'lost' }, options));
    const found = await stripe.customers.create({ name: 'lost' }, options);
    expect((await stripe.customers.list()).data.map((c) => c.id)).toEqual([found.id]);
    const again = new Stripe('sk_test_x', {
      host: '127.0.0.1',
      port: bench.server.port,
      protocol: 'http',
      maxNetworkRetries: 2,
    });
    await bench.control('faults', { kind: 'after_commit_status', status: 500, method: 'POST', times: 1 });
    expect((await again.customers.create({ name: 'retried' })).name).toBe('retried');
    expect((await stripe.customers.list()).data).toHaveLength(2);
  });

  it('forgets everything on reset', async () => {
    await bench.catalogue();
    await bench.control('reset', {});
    expect((await bench.stripe.prices.list()).data).toEqual([]);
    expect(await bench.eventTypes()).toEqual([]);
  });
});
