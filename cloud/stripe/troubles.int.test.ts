import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEST_DEBIT } from './store/cards';
import { Bench, failure, receiver } from './testing';

const ASKS = '4000002760003184';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open('2026-11-24T12:00:00Z');
});
afterEach(() => bench.close());

const latest = async (customer: string) => {
  const { data } = await bench.stripe.invoices.list({ customer, limit: 1 });
  const invoice = await bench.stripe.invoices.retrieve(data[0]?.id ?? '', { expand: ['payments'] });
  return { invoice, intent: String(invoice.payments?.data[0]?.payment.payment_intent) };
};

describe('a payment that the bank asks about', () => {
  const upgrade = async () => {
    const { pro, max } = await bench.catalogue();
    const { subscription, customer } = await bench.subscriber(pro.id, ASKS);
    const items = [{ id: subscription.items.data[0]?.id, price: max.id }];
    const change = { items, proration_behavior: 'always_invoice' as const };
    return { id: subscription.id, customer: customer.id, change, max };
  };

  it('refuses an upgrade that may not wait, and holds one back that may', async () => {
    const { id, change, max } = await upgrade();
    const refused = await failure(
      bench.stripe.subscriptions.update(id, { ...change, payment_behavior: 'error_if_incomplete' }),
    );
    expect(refused).toMatchObject({ statusCode: 402, code: 'subscription_payment_intent_requires_action' });
    const held = await bench.stripe.subscriptions.update(id, {
      ...change,
      payment_behavior: 'pending_if_incomplete',
    });
    expect(held.pending_update?.subscription_items?.[0]?.price.id).toBe(max.id);
    expect(held.items.data[0]?.price.id).not.toBe(max.id);
  });

  it.each([
    ['complete', 'succeeded'],
    ['fail', 'failed'],
  ])('asks on a page that leads back: %s', async (result, status) => {
    const { id, customer, change, max } = await upgrade();
    await bench.stripe.subscriptions.update(id, { ...change, payment_behavior: 'pending_if_incomplete' });
    const { intent } = await latest(customer);
    const asked = await bench.stripe.paymentIntents.confirm(intent, {
      return_url: 'https://shop.example/back',
    });
    const url = asked.next_action?.redirect_to_url?.url ?? '';
    expect((await bench.page(url)).text).toContain('Confirm with your bank');
    const back = new URL((await bench.page(url, { result })).location ?? '');
    expect(`${back.origin}${back.pathname}`).toBe('https://shop.example/back');
    expect(back.searchParams.get('redirect_status')).toBe(status);
    const after = await bench.subscription(id);
    expect(after.items.data[0]?.price.id === max.id).toBe(result === 'complete');
  });
});

describe('a bank debit', () => {
  const subscribe = async () => {
    const { pro } = await bench.catalogue();
    const made = await bench.subscriber(pro.id, TEST_DEBIT);
    return { ...made, ...(await latest(made.customer.id)) };
  };

  it('leaves the subscription active and its invoice open until it arrives', async () => {
    const { subscription, session, invoice } = await subscribe();
    expect([subscription.status, invoice.status]).toEqual(['active', 'open']);
    expect((await bench.stripe.checkout.sessions.retrieve(session.id)).payment_status).toBe('unpaid');
    const refused = await failure(bench.stripe.invoices.voidInvoice(invoice.id));
    expect(refused.statusCode).toBe(400);
    await bench.control(`invoices/${invoice.id}/settle`, { result: 'succeeded' });
    expect((await bench.stripe.invoices.retrieve(invoice.id)).status).toBe('paid');
    expect((await bench.stripe.checkout.sessions.retrieve(session.id)).payment_status).toBe('paid');
  });

  it('that is returned makes the subscription past due', async () => {
    const { subscription, invoice } = await subscribe();
    await bench.control(`invoices/${invoice.id}/settle`, { result: 'failed' });
    expect((await bench.subscription(subscription.id)).status).toBe('past_due');
    expect(await bench.eventTypes()).toContain('checkout.session.async_payment_failed');
  });

  it('is not taken by a page that offers cards', async () => {
    const { pro } = await bench.catalogue();
    const customer = await bench.stripe.customers.create({});
    const page = await bench.stripe.checkout.sessions.create({
      mode: 'subscription',
      customer: customer.id,
      line_items: [{ price: pro.id, quantity: 1 }],
      success_url: 'https://shop.example/',
      allowed_payment_method_types: ['card', 'link'],
    });
    expect(await bench.control(`checkout/${page.id}/complete`, { card: TEST_DEBIT })).toMatchObject({
      state: 'declined',
    });
  });
});

describe('a payment that was made', () => {
  it('is disputed and warned of: neither names a customer', async () => {
    const { pro } = await bench.catalogue();
    const { customer } = await bench.subscriber(pro.id);
    const [charge] = (await bench.stripe.charges.list({ customer: customer.id })).data;
    const dispute = await bench.control<{ id: string }>(`charges/${charge?.id}/dispute`, {});
    const found = await bench.stripe.disputes.retrieve(dispute.id, { expand: ['charge'] });
    expect(found).toMatchObject({
      status: 'needs_response',
      amount: charge?.amount,
      charge: { customer: customer.id },
    });
    expect(found).not.toHaveProperty('customer');
    const warning = await bench.control<{ id: string }>(`charges/${charge?.id}/fraud_warning`, {});
    expect(await bench.stripe.radar.earlyFraudWarnings.retrieve(warning.id)).toMatchObject({
      actionable: true,
    });
    await bench.control(`disputes/${dispute.id}`, { status: 'lost' });
    const types = await bench.eventTypes();
    expect(types.slice(-3)).toEqual([
      'charge.dispute.created',
      'radar.early_fraud_warning.created',
      'charge.dispute.closed',
    ]);
  });
});

describe('what the real one does at its edges', () => {
  it('says which account a key belongs to, the same after a restart', async () => {
    const { id } = await bench.stripe.accounts.retrieveCurrent();
    await bench.restart();
    expect((await bench.stripe.accounts.retrieveCurrent()).id).toBe(id);
    expect(id).toMatch(/^acct_/);
  });

  it('lists events of at most 20 types', async () => {
    const types = Array.from({ length: 21 }, (_, index) => `type.${index}`);
    expect((await failure(bench.stripe.events.list({ types }))).statusCode).toBe(400);
    await bench.stripe.events.list({ types: types.slice(0, 20) });
  });

  it('refuses the list of a deleted customer, and still has what it had', async () => {
    const { pro } = await bench.catalogue();
    const { customer, subscription } = await bench.subscriber(pro.id);
    await bench.stripe.customers.del(customer.id);
    const refused = await failure(bench.stripe.subscriptions.list({ customer: customer.id, status: 'all' }));
    expect(refused).toMatchObject({ code: 'resource_missing', param: 'customer' });
    expect((await bench.subscription(subscription.id)).status).toBe('canceled');
    expect(await bench.stripe.customers.retrieve(customer.id)).toMatchObject({ deleted: true });
  });

  it('sends thin events, which bring no object', async () => {
    const hook = await receiver();
    await bench.stripe.webhookEndpoints.create({ url: hook.url, enabled_events: ['*'] });
    expect(await bench.control('thin', {})).toEqual([200]);
    expect(JSON.parse(hook.got.at(-1)?.body ?? '')).toMatchObject({ object: 'v2.core.event' });
    await hook.close();
  });
});
