import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BillingWorld, FAILS_LATER, GOOD, type Person } from '@/test/billing';
import { metrics } from '../metrics';
import { cancelSubscription } from './cancel';
import { changePlan } from './change-plan';
import { findInvoicePage, listInvoices } from './list-invoices';
import { previewChange } from './preview-change';
import { resumeSubscription } from './resume';

let b: BillingWorld;
beforeEach(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
});
afterEach(() => b.close());

const alarms = async (kind: string): Promise<number> =>
  (await metrics.billingAlarms.get()).values.find((one) => one.labels.kind === kind)?.value ?? 0;

/** Returns a user whose renewal of 1 December failed an hour after its draft. */
async function failing(planId = 'pro'): Promise<Person> {
  const person = await b.subscriber(planId);
  await b.bench.control(`customers/${await b.customerOf(person)}/card`, { card: FAILS_LATER });
  await b.moveTo('2026-12-01T02:00:00Z');
  await b.sync(person);
  return person;
}

const statusesOf = async (person: Person) => (await b.invoicesOf(person)).map((invoice) => invoice.status);
const openInvoice = async (person: Person) => (await b.invoicesOf(person))[0]?.id ?? '';
const payWays = async (person: Person) =>
  (await listInvoices(b.ctx, person)).items.map((invoice) => invoice.payable);

describe('a subscription that the provider ended', () => {
  it('BILLING-38 has its open invoice voided, and offers no way to pay it any more', async () => {
    const person = await failing();
    expect(await payWays(person)).toEqual([true, false]);
    expect(await findInvoicePage(b.ctx, person.accountId, null)).toContain('/i/in_');
    const id = await openInvoice(person);
    await b.moveTo('2026-12-17T00:00:00Z');
    // Ended there and not read here yet: its link leads to no invoice either.
    expect(await findInvoicePage(b.ctx, person.accountId, id)).toContain('/i/in_');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({
      status: 'canceled',
      payment: { state: 'none', due: null },
    });
    expect(await statusesOf(person)).toEqual(['void', 'paid']);
    expect(await payWays(person)).toEqual([false, false]);
    expect(await findInvoicePage(b.ctx, person.accountId, null)).toBeNull();
    expect(await b.signInEmails(person)).toEqual(['plan.changed', 'payment.failed', 'subscription.ended']);
    expect(await b.openPage(person, 'pro')).toMatch(/^cs_test/);
  });

  it('BILLING-38 has an invoice voided that was written off, and one of a customer beside a new subscription', async () => {
    const person = await failing();
    const id = await openInvoice(person);
    await b.bench.stripe.invoices.markUncollectible(id);
    const [sold] = await b.subscriptionsOf(person);
    await b.bench.stripe.subscriptions.cancel(sold?.id ?? '');
    await b.pay(await b.openPage(person, 'starter'));
    await b.sync(person);
    expect(await statusesOf(person)).toEqual(['paid', 'void', 'paid']);
    expect(await b.planOf(person)).toBe('starter');
  });

  it('BILLING-38 is not led to by the link of its invoice while nobody could void it', async () => {
    const person = await failing();
    const id = await openInvoice(person);
    await b.bench.control('faults', { kind: 'status', path: '/void$', status: 500, times: 10 });
    const [sold] = await b.subscriptionsOf(person);
    await b.bench.stripe.subscriptions.cancel(sold?.id ?? '');
    await expect(b.sync(person)).rejects.toMatchObject({ reason: 'BILLING_UNAVAILABLE' });
    expect(await findInvoicePage(b.ctx, person.accountId, id)).toBeNull();
    expect(await payWays(person)).toEqual([false, false]);
    await b.bench.control('faults', undefined, 'DELETE');
    await b.sync(person);
    expect(await statusesOf(person)).toEqual(['void', 'paid']);
  });

  it('BILLING-38 made by somebody else is left alone', async () => {
    const person = await b.person();
    await b.openPage(person, 'pro');
    const customer = await b.customerOf(person);
    await b.bench.control(`customers/${customer}/card`, { card: FAILS_LATER });
    const { data } = await b.bench.stripe.prices.list({ lookup_keys: ['hourglass_pro_monthly'] });
    const made = await b.bench.stripe.subscriptions.create({ customer, items: [{ price: data[0]?.id }] });
    await b.bench.stripe.subscriptions.cancel(made.id);
    await b.sync(person);
    expect(await statusesOf(person)).toEqual(['open']);
  });

  it('BILLING-39 gives money back that comes all the same: once, with one email and an alarm', async () => {
    const person = await failing();
    const id = await openInvoice(person);
    const before = await alarms('ended_subscription_paid');
    await b.moveTo('2026-12-17T00:00:00Z');
    // Paid on an open page before the end was known here.
    await b.moveTo('2026-12-17T00:00:05Z');
    await b.bench.control(`invoices/${id}/pay`, { card: GOOD });
    for (let again = 0; again < 3; again++) await b.sync(person);
    const { data } = await b.bench.stripe.refunds.list({ limit: 100 });
    expect(data.map((refund) => refund.amount)).toEqual([1900]);
    expect(await alarms('ended_subscription_paid')).toBe(before + 1);
    expect((await b.signInEmails(person)).filter((kind) => kind === 'payment.refunded')).toHaveLength(1);
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'free' }, status: 'canceled' });
    // The payments for used time stay.
    expect((await b.chargesOf(person)).map((charge) => charge.amount_refunded)).toEqual([1900, 0]);
  });

  it('BILLING-39 a refund that is refused raises an alarm, blocks nothing, and is made once it can be', async () => {
    const person = await failing();
    const id = await openInvoice(person);
    await b.moveTo('2026-12-17T00:00:05Z');
    await b.bench.control(`invoices/${id}/pay`, { card: GOOD });
    const before = await alarms('refund_refused');
    await b.bench.control('faults', { kind: 'status', path: '/v1/refunds', status: 403, times: 1 });
    await b.sync(person);
    expect(await alarms('refund_refused')).toBe(before + 1);
    expect(await b.signInEmails(person)).not.toContain('payment.refunded');
    expect(await b.openPage(person, 'pro')).toMatch(/^cs_test/);
    await b.sync(person);
    expect(await b.signInEmails(person)).toContain('payment.refunded');
  });
});

describe('cancelling while a payment fails', () => {
  it('BILLING-40 ends the subscription at once: nothing is charged later, and a plan can be bought again', async () => {
    const person = await failing();
    expect(await previewChange(b.ctx, { ...person, planId: 'free' })).toMatchObject({
      effective: 'now',
      dueNow: 0,
      next: { amount: 0, at: '2026-12-01T02:00:00.000Z' },
    });
    const summary = await cancelSubscription(b.ctx, person);
    expect(summary).toMatchObject({
      plan: { id: 'free' },
      status: 'canceled',
      paidPlan: null,
      scheduledChange: null,
      payment: { state: 'none', due: null },
    });
    expect(await statusesOf(person)).toEqual(['void', 'paid']);
    expect(await b.signInEmails(person)).toEqual(['plan.changed', 'payment.failed', 'subscription.ended']);
    await expect(resumeSubscription(b.ctx, person)).rejects.toMatchObject({ reason: 'INVALID_INPUT' });
    const page = await b.openPage(person, 'pro');
    // A working card would by now have been charged by the retries of 4, 9 and 16 December.
    await b.changeCard(person, GOOD);
    await b.moveTo('2027-01-02T00:00:00Z');
    await b.sync(person);
    expect(await b.chargesOf(person)).toHaveLength(1);
    expect(await b.openPage(person, 'pro')).not.toBe(page);
    await b.pay(await b.openPage(person, 'pro'));
    await b.sync(person);
    expect(await b.planOf(person)).toBe('pro');
  });

  it('BILLING-40 after the plan was lost says so too, and a scheduled cancellation is made at once', async () => {
    const person = await b.subscriber('pro');
    await b.bench.control('dunning', { finalAction: 'unpaid' });
    await b.bench.control(`customers/${await b.customerOf(person)}/card`, { card: FAILS_LATER });
    await b.moveTo('2026-12-17T00:00:00Z');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ payment: { state: 'unpaid' }, plan: { id: 'free' } });
    const [sold] = await b.subscriptionsOf(person);
    await b.bench.stripe.subscriptions.update(sold?.id ?? '', { cancel_at_period_end: true });
    // A change back to the own plan means the same.
    expect(await changePlan(b.ctx, { ...person, planId: 'free' })).toMatchObject({ status: 'canceled' });
    expect(await statusesOf(person)).toEqual(['void', 'paid']);
    expect((await b.signInEmails(person)).at(-1)).toBe('subscription.ended');
  });

  it('BILLING-40 of a paused subscription, and of one with a smaller plan to come, ends it too', async () => {
    const paused = await b.subscriber('pro');
    const [sold] = await b.subscriptionsOf(paused);
    await b.bench.stripe.subscriptions.pause(sold?.id ?? '', {} as never);
    expect(await cancelSubscription(b.ctx, paused)).toMatchObject({ status: 'canceled' });
    const smaller = await b.subscriber('max');
    await b.moveTo('2026-11-25T12:00:00Z');
    await changePlan(b.ctx, { ...smaller, planId: 'pro' });
    await b.bench.control(`customers/${await b.customerOf(smaller)}/card`, { card: FAILS_LATER });
    await b.moveTo('2026-12-01T02:00:00Z');
    expect(await cancelSubscription(b.ctx, smaller)).toMatchObject({
      status: 'canceled',
      plan: { id: 'free' },
    });
    expect(await statusesOf(smaller)).toEqual(['void', 'paid']);
  });

  it('BILLING-40 gives back what was paid in the moment of the cancellation', async () => {
    const person = await failing();
    const id = await openInvoice(person);
    const { payments } = b.ctx;
    if (!payments) throw new Error('This world has no provider.');
    const make: typeof payments.make = async (key, write) => {
      if (key.startsWith('end:')) await b.bench.control(`invoices/${id}/pay`, { card: GOOD });
      return payments.make(key, write);
    };
    const summary = await cancelSubscription({ ...b.ctx, payments: { ...payments, make } }, person);
    expect(summary).toMatchObject({ status: 'canceled', plan: { id: 'free' } });
    expect((await b.chargesOf(person))[0]).toMatchObject({ amount: 1900, amount_refunded: 1900 });
    expect(await b.signInEmails(person)).toContain('payment.refunded');
  });
});

describe('a cancellation by date', () => {
  it('BILLING-41 made at the provider is resumed here', async () => {
    const person = await b.subscriber('pro');
    const [sold] = await b.subscriptionsOf(person);
    const cancel_at = Date.parse('2026-11-28T00:00:00Z') / 1000;
    await b.bench.stripe.subscriptions.update(sold?.id ?? '', { cancel_at });
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({
      scheduledChange: { kind: 'cancellation', at: '2026-11-28T00:00:00.000Z' },
    });
    expect(await resumeSubscription(b.ctx, person)).toMatchObject({
      scheduledChange: null,
      nextCharge: { amount: 1900 },
    });
    await b.moveTo('2026-11-29T00:00:00Z');
    await b.sync(person);
    expect(await b.planOf(person)).toBe('pro');
  });

  it('BILLING-41 is taken back by an upgrade', async () => {
    const person = await b.subscriber('pro');
    const [sold] = await b.subscriptionsOf(person);
    const cancel_at = Date.parse('2026-11-28T00:00:00Z') / 1000;
    await b.bench.stripe.subscriptions.update(sold?.id ?? '', { cancel_at });
    await b.sync(person);
    expect(await changePlan(b.ctx, { ...person, planId: 'max' })).toMatchObject({
      plan: { id: 'max' },
      scheduledChange: null,
    });
  });
});
