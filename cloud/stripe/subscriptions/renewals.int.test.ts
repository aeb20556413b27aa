import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench, failure, GOOD_CARD, seconds } from '../testing';

let bench: Bench;
let prices: Awaited<ReturnType<Bench['catalogue']>>;
beforeEach(async () => {
  bench = await Bench.open('2026-11-24T12:00:00Z');
  prices = await bench.catalogue();
});
afterEach(() => bench.close());

const invoicesOf = async (customer: string) =>
  (await bench.stripe.invoices.list({ customer, limit: 100 })).data;
const itemOf = (subscription: Stripe.Subscription) => subscription.items.data[0] as Stripe.SubscriptionItem;

describe('renewals', () => {
  it('bills every first of the month, each draft an hour before its charge', async () => {
    const { subscription, customer } = await bench.subscriber(prices.pro.id);
    await bench.advanceTo('2026-12-01T00:30:00Z');
    expect((await invoicesOf(customer.id))[0]).toMatchObject({ status: 'draft', amount_due: 1900 });
    expect((await bench.subscription(subscription.id)).status).toBe('active');
    await bench.advanceTo('2027-03-15T00:00:00Z');
    const invoices = await invoicesOf(customer.id);
    expect(invoices.map((invoice) => invoice.amount_paid)).toEqual([1900, 1900, 1900, 1900, 412]);
    expect(invoices.map((invoice) => invoice.created)).toEqual(
      ['2027-03-01', '2027-02-01', '2027-01-01', '2026-12-01']
        .map((day) => seconds(`${day}T00:00:00Z`))
        .concat(seconds('2026-11-24T12:00:00Z')),
    );
    const item = itemOf(await bench.subscription(subscription.id));
    expect([item.current_period_start, item.current_period_end]).toEqual([
      seconds('2027-03-01T00:00:00Z'),
      seconds('2027-04-01T00:00:00Z'),
    ]);
    const events = await bench.stripe.events.list({ type: 'invoice.paid', limit: 100 });
    expect(events.data.map((event) => event.created).slice(0, 1)).toEqual([seconds('2027-03-01T01:00:00Z')]);
  });

  it('goes past due, tries again and ends when nobody pays', async () => {
    const { subscription, customer } = await bench.subscriber(prices.pro.id);
    await bench.control(`customers/${customer.id}/card`, { card: '4000000000000341' });
    await bench.advanceTo('2026-12-01T02:00:00Z');
    const [open] = await invoicesOf(customer.id);
    expect(open).toMatchObject({ status: 'open', attempt_count: 1, attempted: true });
    expect(open?.next_payment_attempt).toBe(seconds('2026-12-04T01:00:00Z'));
    expect((await bench.subscription(subscription.id)).status).toBe('past_due');
    expect(((await bench.stripe.customers.retrieve(customer.id)) as Stripe.Customer).delinquent).toBe(true);
    await bench.advanceTo('2026-12-17T00:00:00Z');
    const ended = await bench.subscription(subscription.id);
    expect(ended).toMatchObject({ status: 'canceled', ended_at: seconds('2026-12-16T01:00:00Z') });
    expect(ended.cancellation_details?.reason).toBe('payment_failed');
    expect((await invoicesOf(customer.id))[0]).toMatchObject({
      attempt_count: 4,
      next_payment_attempt: null,
    });
    expect((await bench.eventTypes()).filter((type) => type === 'invoice.payment_failed')).toHaveLength(4);
  });

  it('comes back when the open invoice is paid with another card', async () => {
    const { subscription, customer } = await bench.subscriber(prices.pro.id);
    await bench.control(`customers/${customer.id}/card`, { card: '4000000000000341' });
    await bench.advanceTo('2026-12-02T00:00:00Z');
    const [open] = await invoicesOf(customer.id);
    const again = await failure(bench.stripe.invoices.pay(open?.id ?? ''));
    expect(again).toMatchObject({ statusCode: 402, code: 'card_declined' });
    const page = await bench.page(open?.hosted_invoice_url ?? '');
    expect(page.text).toContain('$19.00');
    expect((await bench.page(open?.hosted_invoice_url ?? '', GOOD_CARD)).status).toBe(303);
    expect((await bench.subscription(subscription.id)).status).toBe('active');
    expect((await invoicesOf(customer.id))[0]).toMatchObject({ status: 'paid', amount_paid: 1900 });
    const paid = await failure(bench.stripe.invoices.pay(open?.id ?? ''));
    expect(paid.code).toBe('invoice_already_paid');
    const pdf = await bench.page(`/i/${open?.id}/pdf`);
    expect(pdf.text.startsWith('%PDF-1.4')).toBe(true);
    await bench.advanceTo('2027-01-02T00:00:00Z');
    expect((await invoicesOf(customer.id))[0]).toMatchObject({ status: 'paid' });
  });

  it('asks the owner of a card that always asks', async () => {
    const { subscription, customer } = await bench.subscriber(prices.pro.id, '4000002760003184');
    await bench.advanceTo('2026-12-02T00:00:00Z');
    expect(await bench.eventTypes()).toContain('invoice.payment_action_required');
    expect((await bench.subscription(subscription.id)).status).toBe('past_due');
    const [open] = await invoicesOf(customer.id);
    expect((await bench.page(`/i/${open?.id}`)).text).toContain('Confirm the saved card');
    await bench.page(`/i/${open?.id}/challenge`, { result: 'complete' });
    expect((await bench.subscription(subscription.id)).status).toBe('active');
  });

  it('ends with its period when cancelled, and goes on when resumed before', async () => {
    const { subscription } = await bench.subscriber(prices.pro.id);
    const cancelled = await bench.stripe.subscriptions.update(subscription.id, {
      cancel_at_period_end: true,
    });
    expect(cancelled).toMatchObject({
      status: 'active',
      cancel_at: seconds('2026-12-01T00:00:00Z'),
      canceled_at: seconds('2026-11-24T12:00:00Z'),
    });
    expect(cancelled.cancellation_details?.reason).toBe('cancellation_requested');
    const resumed = await bench.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: false });
    expect(resumed).toMatchObject({ cancel_at: null, canceled_at: null, cancel_at_period_end: false });
    await bench.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
    await bench.advanceTo('2026-12-01T00:00:00Z');
    const ended = await bench.subscription(subscription.id);
    expect(ended).toMatchObject({ status: 'canceled', ended_at: seconds('2026-12-01T00:00:00Z') });
    expect(await bench.eventTypes()).toContain('customer.subscription.deleted');
    const live = await bench.stripe.subscriptions.list({ customer: ended.customer as string });
    expect(live.data).toEqual([]);
    const all = await bench.stripe.subscriptions.list({ customer: ended.customer as string, status: 'all' });
    expect(all.data).toHaveLength(1);
    const late = await failure(bench.stripe.subscriptions.update(ended.id, { cancel_at_period_end: false }));
    expect(late.statusCode).toBe(400);
  });

  it('ends at once on request, and with its customer', async () => {
    const { subscription, customer } = await bench.subscriber(prices.pro.id);
    expect((await bench.stripe.subscriptions.cancel(subscription.id)).status).toBe('canceled');
    const second = await bench.checkout(customer.id, prices.max.id);
    await bench.control(`checkout/${second.id}/complete`, {});
    await bench.stripe.customers.del(customer.id);
    expect(await bench.stripe.customers.retrieve(customer.id)).toMatchObject({ deleted: true });
    const all = await bench.stripe.subscriptions.list({ status: 'all' });
    expect(all.data.map((s) => s.status)).toEqual(['canceled', 'canceled']);
  });

  it('waits 23 hours for a first payment', async () => {
    const customer = await bench.stripe.customers.create({});
    const method = await bench.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: customer.id,
    });
    const unpaid = await bench.stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: prices.pro.id }],
      default_payment_method: method.id,
    });
    expect(unpaid.status).toBe('incomplete');
    await bench.advanceTo('2026-11-25T12:00:00Z');
    expect((await bench.subscription(unpaid.id)).status).toBe('incomplete_expired');
    expect((await invoicesOf(customer.id))[0]?.status).toBe('void');
  });

  it('moves customers of a test clock alone', async () => {
    const clock = await bench.stripe.testHelpers.testClocks.create({
      frozen_time: seconds('2027-05-10T00:00:00Z'),
    });
    const customer = await bench.stripe.customers.create({ test_clock: clock.id });
    const method = await bench.stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id });
    const subscription = await bench.stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: prices.pro.id }],
      default_payment_method: method.id,
    });
    await bench.stripe.testHelpers.testClocks.advance(clock.id, {
      frozen_time: seconds('2027-07-11T00:00:00Z'),
    });
    expect(await invoicesOf(customer.id)).toHaveLength(3);
    expect((await bench.subscription(subscription.id)).test_clock).toBe(clock.id);
    expect((await bench.control('clock')).now).toBe(seconds('2026-11-24T12:00:00Z'));
  });
});

describe('schedules', () => {
  async function downgradeLater(subscription: Stripe.Subscription) {
    const schedule = await bench.stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
    const phase = schedule.phases[0];
    return bench.stripe.subscriptionSchedules.update(schedule.id, {
      end_behavior: 'release',
      proration_behavior: 'none',
      phases: [
        {
          items: [{ price: prices.max.id, quantity: 1 }],
          start_date: phase?.start_date,
          end_date: phase?.end_date,
        },
        {
          items: [{ price: prices.pro.id, quantity: 1 }],
          duration: { interval: 'month', interval_count: 1 },
        },
      ],
    });
  }

  it('makes a downgrade at the end of the period and then lets go', async () => {
    const { subscription, customer } = await bench.subscriber(prices.max.id);
    const schedule = await downgradeLater(subscription);
    expect(schedule).toMatchObject({ status: 'active', subscription: subscription.id });
    expect(schedule.phases.map((phase) => phase.items[0]?.price)).toEqual([prices.max.id, prices.pro.id]);
    const held = await bench.subscription(subscription.id);
    expect(held.schedule).toBe(schedule.id);
    expect(itemOf(held).price.id).toBe(prices.max.id);
    const next = await bench.stripe.invoices.createPreview({ subscription: subscription.id });
    expect(next.amount_due).toBe(1900);
    await bench.advanceTo('2026-12-01T02:00:00Z');
    expect(itemOf(await bench.subscription(subscription.id)).price.id).toBe(prices.pro.id);
    expect((await invoicesOf(customer.id))[0]).toMatchObject({ amount_paid: 1900, status: 'paid' });
    await bench.advanceTo('2027-01-01T02:00:00Z');
    expect((await bench.subscription(subscription.id)).schedule).toBeNull();
    const done = await bench.stripe.subscriptionSchedules.retrieve(schedule.id);
    expect(done).toMatchObject({ status: 'released', released_subscription: subscription.id });
    expect((await invoicesOf(customer.id))[0]).toMatchObject({ amount_paid: 1900 });
  });

  it('is undone by a release', async () => {
    const { subscription } = await bench.subscriber(prices.max.id);
    const schedule = await downgradeLater(subscription);
    await bench.stripe.subscriptionSchedules.release(schedule.id);
    expect((await bench.subscription(subscription.id)).schedule).toBeNull();
    await bench.advanceTo('2026-12-02T00:00:00Z');
    expect(itemOf(await bench.subscription(subscription.id)).price.id).toBe(prices.max.id);
    expect((await failure(bench.stripe.subscriptionSchedules.release(schedule.id))).statusCode).toBe(400);
  });

  it('keeps cancellation and a second schedule away', async () => {
    const { subscription } = await bench.subscriber(prices.max.id);
    await downgradeLater(subscription);
    const cancel = failure(
      bench.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true }),
    );
    expect((await cancel).message).toContain('managed by the subscription schedule');
    const second = failure(bench.stripe.subscriptionSchedules.create({ from_subscription: subscription.id }));
    expect((await second).message).toContain('already attached to a schedule');
  });

  it('an invoice of an ended subscription is paid on its page until it is voided', async () => {
    const { subscription, customer } = await bench.subscriber(prices.pro.id);
    await bench.control(`customers/${customer.id}/card`, { card: '4000000000000341' });
    await bench.advanceTo('2026-12-01T02:00:00Z');
    const [first] = (await bench.stripe.invoices.list({ customer: customer.id })).data;
    const ended = await bench.stripe.subscriptions.cancel(subscription.id);
    expect(ended).toMatchObject({ status: 'canceled', ended_at: seconds('2026-12-01T02:00:00Z') });
    const id = first?.id ?? '';
    expect((await bench.page(`/i/${id}`)).text).toContain('Pay $19.00');
    expect(await bench.stripe.invoices.markUncollectible(id)).toMatchObject({ status: 'uncollectible' });
    expect((await bench.page(`/i/${id}`)).text).toContain('Pay $19.00');
    expect(await bench.stripe.invoices.voidInvoice(id)).toMatchObject({ status: 'void' });
    expect((await bench.page(`/i/${id}`)).text).not.toContain('Pay $19.00');
    expect((await failure(bench.stripe.invoices.voidInvoice(id))).statusCode).toBe(400);
  });

  it('a cancellation by date is taken back by its own parameter only', async () => {
    const { subscription } = await bench.subscriber(prices.pro.id);
    const at = seconds('2026-11-28T00:00:00Z');
    await bench.stripe.subscriptions.update(subscription.id, { cancel_at: at });
    const same = await bench.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: false });
    expect(same.cancel_at).toBe(at);
    const undone = await bench.stripe.subscriptions.update(subscription.id, { cancel_at: '' });
    expect(undone).toMatchObject({ cancel_at: null, cancel_at_period_end: false });
  });
});
