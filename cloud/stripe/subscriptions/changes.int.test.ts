import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench, failure, seconds } from '../testing';

let bench: Bench;
let prices: Awaited<ReturnType<Bench['catalogue']>>;
async function open(at: string) {
  bench = await Bench.open(at);
  prices = await bench.catalogue();
}
beforeEach(() => open('2026-11-24T12:00:00Z'));
afterEach(() => bench.close());

/** Returns the parameters of an upgrade, for the preview and the change itself. */
function upgrade(subscription: Stripe.Subscription, at: number) {
  const item = subscription.items.data[0]?.id ?? '';
  return {
    items: [{ id: item, price: prices.max.id }],
    proration_behavior: 'always_invoice' as const,
    proration_date: at,
  };
}

describe('changes of plan', () => {
  it.each([
    ['2027-01-31T23:59:59Z', '2027-02-28T06:00:00Z', 28],
    ['2028-02-10T00:00:00Z', '2028-02-29T12:00:00Z', 29],
    ['2026-11-24T12:00:00Z', '2026-11-30T23:59:59Z', 30],
    ['2027-07-01T00:00:01Z', '2027-07-16T12:34:56Z', 31],
  ])(
    'charges an upgrade bought %s and made %s exactly as previewed (%d days)',
    async (bought, made, days) => {
      await bench.close();
      await open(bought);
      const { subscription, customer } = await bench.subscriber(prices.pro.id);
      await bench.advanceTo(made);
      const at = seconds(made);
      const details = upgrade(subscription, at);
      const preview = await bench.stripe.invoices.createPreview({
        customer: customer.id,
        subscription: subscription.id,
        subscription_details: details,
      });
      const before = await bench.stripe.invoices.list({ customer: customer.id, limit: 100 });
      const after = await bench.stripe.subscriptions.update(subscription.id, {
        ...details,
        payment_behavior: 'error_if_incomplete',
        expand: ['latest_invoice'],
      });
      const invoice = after.latest_invoice as Stripe.Invoice;
      expect(before.data.some((held) => held.id === invoice.id)).toBe(false);
      expect(invoice).toMatchObject({
        status: 'paid',
        billing_reason: 'subscription_update',
        amount_paid: preview.amount_due,
      });
      const left = (after.items.data[0]?.current_period_end ?? 0) - at;
      const month = days * 86_400;
      const expected = Math.round((3900 * left) / month) - Math.round((1900 * left) / month);
      expect(preview.total).toBe(expected);
      expect(preview.amount_due).toBe(expected < 50 ? 0 : expected);
      expect(preview.lines.data.map((line) => line.parent?.subscription_item_details?.proration)).toEqual([
        true,
        true,
      ]);
      expect(preview.lines.data.map((line) => line.description?.split(' after')[0])).toEqual([
        'Unused time on Pro',
        'Remaining time on Max',
      ]);
      expect(after.items.data[0]?.price.id).toBe(prices.max.id);
    },
  );

  it('prorates by the date that was previewed, even when the clock has moved on', async () => {
    const { subscription } = await bench.subscriber(prices.pro.id);
    const details = upgrade(subscription, seconds('2026-11-24T12:00:00Z'));
    const preview = await bench.stripe.invoices.createPreview({
      subscription: subscription.id,
      subscription_details: details,
    });
    await bench.advanceTo('2026-11-24T12:07:00Z');
    const after = await bench.stripe.subscriptions.update(subscription.id, {
      ...details,
      expand: ['latest_invoice'],
    });
    expect((after.latest_invoice as Stripe.Invoice).amount_paid).toBe(preview.amount_due);
  });

  it('changes nothing at all by a preview', async () => {
    const { subscription } = await bench.subscriber(prices.pro.id);
    const before = await bench.control('state');
    const events = await bench.eventTypes();
    await bench.stripe.invoices.createPreview({
      subscription: subscription.id,
      subscription_details: upgrade(subscription, seconds('2026-11-24T12:00:00Z')),
    });
    await bench.stripe.invoices.createPreview({ subscription: subscription.id });
    expect(await bench.control('state')).toEqual(before);
    expect(await bench.eventTypes()).toEqual(events);
  });

  it('leaves the subscription alone when an upgrade cannot be paid', async () => {
    const { subscription, customer } = await bench.subscriber(prices.pro.id);
    await bench.control(`customers/${customer.id}/card`, { card: '4000000000000341' });
    const details = upgrade(subscription, seconds('2026-11-24T12:00:00Z'));
    const refused = await failure(
      bench.stripe.subscriptions.update(subscription.id, {
        ...details,
        payment_behavior: 'error_if_incomplete',
      }),
    );
    expect(refused).toMatchObject({ statusCode: 402, code: 'card_declined', type: 'StripeCardError' });
    const same = await bench.subscription(subscription.id);
    expect(same).toMatchObject({ status: 'active', latest_invoice: subscription.latest_invoice });
    expect(same.items.data[0]?.price.id).toBe(prices.pro.id);
    expect((await bench.stripe.invoices.list({ customer: customer.id })).data).toHaveLength(1);
  });

  it('holds an unpaid change back until it is paid', async () => {
    const { subscription, customer } = await bench.subscriber(prices.pro.id);
    await bench.control(`customers/${customer.id}/card`, { card: '4000000000000341' });
    const waiting = await bench.stripe.subscriptions.update(subscription.id, {
      ...upgrade(subscription, seconds('2026-11-24T12:00:00Z')),
      payment_behavior: 'pending_if_incomplete',
    });
    expect(waiting.status).toBe('active');
    expect(waiting.pending_update?.subscription_items?.[0]?.price.id).toBe(prices.max.id);
    expect(waiting.items.data[0]?.price.id).toBe(prices.pro.id);
    await bench.control(`invoices/${waiting.latest_invoice}/pay`, { card: '4242424242424242' });
    const paid = await bench.subscription(subscription.id);
    expect(paid.pending_update).toBeNull();
    expect(paid.items.data[0]?.price.id).toBe(prices.max.id);
    expect(await bench.eventTypes()).toContain('customer.subscription.pending_update_applied');
  });

  it('adds an item when its id is forgotten, as the real one does', async () => {
    const { subscription } = await bench.subscriber(prices.pro.id);
    const two = await bench.stripe.subscriptions.update(subscription.id, {
      items: [{ price: prices.max.id }],
    });
    expect(two.items.data).toHaveLength(2);
  });

  it('credits a downgrade to the balance and uses it for the next invoice', async () => {
    const { subscription, customer } = await bench.subscriber(prices.max.id);
    const item = subscription.items.data[0]?.id ?? '';
    await bench.stripe.subscriptions.update(subscription.id, {
      items: [{ id: item, price: prices.pro.id }],
      proration_behavior: 'always_invoice',
    });
    const credited = (await bench.stripe.customers.retrieve(customer.id)) as Stripe.Customer;
    expect(credited.balance).toBe(-(845 - 412));
    await bench.advanceTo('2026-12-01T02:00:00Z');
    const [renewal] = (await bench.stripe.invoices.list({ customer: customer.id })).data;
    expect(renewal).toMatchObject({ total: 1900, amount_due: 1900 - 433, status: 'paid', ending_balance: 0 });
  });

  it('says what the next invoice will be', async () => {
    const { subscription, customer } = await bench.subscriber(prices.pro.id);
    const next = await bench.stripe.invoices.createPreview({
      customer: customer.id,
      subscription: subscription.id,
    });
    expect(next).toMatchObject({
      amount_due: 1900,
      status: 'draft',
      period_end: seconds('2026-12-01T00:00:00Z'),
    });
    expect(next.lines.data[0]?.period).toEqual({
      start: seconds('2026-12-01T00:00:00Z'),
      end: seconds('2027-01-01T00:00:00Z'),
    });
    await bench.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
    const none = await failure(bench.stripe.invoices.createPreview({ subscription: subscription.id }));
    expect(none).toMatchObject({ statusCode: 404, code: 'invoice_upcoming_none' });
    const fresh = await bench.stripe.customers.create({});
    const first = await bench.stripe.invoices.createPreview({
      customer: fresh.id,
      subscription_details: { items: [{ price: prices.pro.id }] },
    });
    expect(first.amount_due).toBe(1900);
  });

  it('ends a trial now, once', async () => {
    const customer = await bench.stripe.customers.create({ email: 'a@x.io' });
    const session = await bench.checkout(customer.id, prices.pro.id, { trial_period_days: 30 });
    await bench.control(`checkout/${session.id}/complete`, {});
    const [trial] = (await bench.stripe.subscriptions.list({ customer: customer.id })).data;
    const paid = await bench.stripe.subscriptions.update(trial?.id ?? '', {
      trial_end: 'now',
      items: [{ id: trial?.items.data[0]?.id, price: prices.max.id }],
      proration_behavior: 'always_invoice',
      expand: ['latest_invoice'],
    });
    expect(paid).toMatchObject({ status: 'active', billing_cycle_anchor: seconds('2026-11-24T12:00:00Z') });
    expect(paid.latest_invoice).toMatchObject({ amount_paid: 3900 });
    expect((await bench.stripe.invoices.list({ customer: customer.id })).data).toHaveLength(2);
  });

  it('starts a new period when the interval changes', async () => {
    const { subscription } = await bench.subscriber(prices.pro.id);
    const item = subscription.items.data[0]?.id ?? '';
    const yearly = await bench.stripe.subscriptions.update(subscription.id, {
      items: [{ id: item, price: prices.yearly.id }],
      expand: ['latest_invoice'],
    });
    expect(yearly.items.data[0]?.current_period_end).toBe(seconds('2027-11-24T12:00:00Z'));
    expect(yearly.latest_invoice).toMatchObject({ amount_paid: 19000 - 412 });
  });

  it('refunds a payment once', async () => {
    const { customer } = await bench.subscriber(prices.pro.id);
    const [invoice] = (await bench.stripe.invoices.list({ customer: customer.id, expand: ['data.payments'] }))
      .data;
    const intent = invoice?.payments?.data[0]?.payment.payment_intent as string;
    const refund = await bench.stripe.refunds.create({ payment_intent: intent, reason: 'duplicate' });
    expect(refund).toMatchObject({ amount: 412, status: 'succeeded' });
    const again = await failure(bench.stripe.refunds.create({ payment_intent: intent }));
    expect(again.code).toBe('charge_already_refunded');
    expect(await bench.eventTypes()).toContain('charge.refunded');
  });
});
