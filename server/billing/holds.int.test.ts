import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEST_DEBIT } from '@/cloud/stripe/store/cards';
import { BillingWorld, type Person } from '@/test/billing';
import { metrics } from '../metrics';
import { cancelSubscription } from './cancel';
import { changePlan } from './change-plan';
import { returnFromCheckout } from './checkout/return-from-checkout';
import { liftHolds } from './lift-holds';
import { previewChange } from './preview-change';
import { reconcileEvents } from './sync/reconcile-events';

let b: BillingWorld;
beforeEach(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z', { STRIPE_PAYMENT_METHODS: 'card,link,sepa_debit' });
});
afterEach(() => b.close());

const alarms = async (kind: string) =>
  (await metrics.billingAlarms.get()).values.find((one) => one.labels.kind === kind)?.value ?? 0;
const lastCharge = async (person: Person) => (await b.chargesOf(person))[0]?.id;
const notes = () => b.ctx.sql<{ kind: string; subject: string; body: string }[]>`
  select kind, subject, body from operator_note order by id`;
/** A bank's report about a payment arrives with the next read of events. */
const say = async (path: string, body: object = {}) => {
  const said = await b.bench.control<{ id: string }>(path, body);
  await reconcileEvents(b.ctx);
  return said.id;
};
const refusedPurchase = (person: Person) => b.openPage(person, 'pro').catch((error) => error);

describe('a payment that is disputed', () => {
  it.each([
    ['dispute', 'disputed'],
    ['fraud_warning', 'fraud'],
  ])(
    'BILLING-83 by a %s ends what it paid for, refuses purchases, and tells the operator once',
    async (how, word) => {
      const person = await b.subscriber('max');
      const before = await alarms(how);
      await say(`charges/${await lastCharge(person)}/${how}`);
      expect(await b.summary(person)).toMatchObject({ plan: { id: 'free' }, status: 'canceled' });
      expect(await refusedPurchase(person)).toMatchObject({ reason: 'PURCHASE_REFUSED', code: 'FORBIDDEN' });
      expect(await alarms(how)).toBe(before + 1);
      const [note, ...more] = await notes();
      expect(more).toEqual([]);
      expect(`${note?.subject} ${note?.body}`).toContain(word);
      expect(note?.body).toContain(person.accountId);
      await reconcileEvents(b.ctx);
      expect(await notes()).toHaveLength(1);
    },
  );

  it('BILLING-83 until an operator lifts it, with a reason that is written down', async () => {
    const person = await b.subscriber('pro');
    const id = await say(`charges/${await lastCharge(person)}/dispute`);
    const lifted = await liftHolds(b.ctx, {
      actor: 'operator',
      accountId: person.accountId,
      reason: 'a mistake',
    });
    expect(lifted).toMatchObject([{ id, kind: 'dispute' }]);
    const page = await b.openPage(person, 'pro');
    // The bank's later decision is about the same payment: it adds no refusal.
    await say(`disputes/${id}`, { status: 'lost' });
    expect(await b.openPage(person, 'pro')).toBe(page);
    const [line] = await b.ctx.sql<{ actor: string; reason: string }[]>`
      select actor, reason from audit where account_id = ${person.accountId} and action = 'billing.liftHolds'`;
    expect(line).toEqual({ actor: 'operator', reason: 'a mistake' });
  });

  it('BILLING-83 an older payment’s dispute leaves what another payment bought alone, and still refuses a bigger plan', async () => {
    const person = await b.subscriber('pro');
    const charge = await lastCharge(person);
    await b.bench.stripe.subscriptions.cancel((await b.subscriptionsOf(person))[0]?.id ?? '');
    await b.sync(person);
    await b.moveTo('2026-11-25T12:00:00Z');
    await b.pay(await b.openPage(person, 'starter'));
    await b.sync(person);
    await say(`charges/${charge}/dispute`);
    expect(await b.planOf(person)).toBe('starter');
    const bigger = changePlan(b.ctx, { ...person, planId: 'max' });
    await expect(bigger).rejects.toMatchObject({ reason: 'PURCHASE_REFUSED' });
    expect(await changePlan(b.ctx, { ...person, planId: 'free' })).toMatchObject({
      scheduledChange: { kind: 'cancellation' },
    });
  });

  it('BILLING-83 an inquiry of the bank ends nothing until it becomes a dispute', async () => {
    const person = await b.subscriber('pro');
    const id = await say(`charges/${await lastCharge(person)}/dispute`, { status: 'warning_needs_response' });
    expect(await b.planOf(person)).toBe('pro');
    expect(await refusedPurchase(await b.person())).not.toMatchObject({ reason: 'PURCHASE_REFUSED' });
    await expect(changePlan(b.ctx, { ...person, planId: 'max' })).rejects.toMatchObject({
      reason: 'PURCHASE_REFUSED',
    });
    await say(`disputes/${id}`, { status: 'needs_response' });
    expect(await b.planOf(person)).toBe('free');
    expect(await notes()).toHaveLength(1);
  });

  it('BILLING-83 of somebody else’s customer concerns nobody here', async () => {
    const { customer } = await b.bench.subscriber((await b.bench.catalogue()).pro.id);
    const [charge] = (await b.bench.stripe.charges.list({ customer: customer.id })).data;
    await say(`charges/${charge?.id}/dispute`);
    expect(await notes()).toHaveLength(0);
  });
});

describe('a payment that is under way', () => {
  async function debited() {
    const person = await b.person();
    const page = await b.openPage(person, 'max');
    await b.pay(page, TEST_DEBIT);
    await b.sync(person);
    const [invoice] = await b.invoicesOf(person);
    return { person, page, invoiceId: invoice?.id ?? '' };
  }

  it('BILLING-84 gives nothing until it has arrived', async () => {
    const { person, page, invoiceId } = await debited();
    expect(await b.summary(person)).toMatchObject({
      plan: { id: 'free' },
      payment: { state: 'processing' },
    });
    expect(await returnFromCheckout(b.ctx, { ...person, sessionId: page })).toBe('waiting');
    await expect(previewChange(b.ctx, { ...person, planId: 'pro' })).rejects.toMatchObject({
      reason: 'PAYMENT_FAILED',
      message: expect.stringContaining('under way'),
    });
    await b.bench.control(`invoices/${invoiceId}/settle`, { result: 'succeeded' });
    await reconcileEvents(b.ctx);
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'max' }, payment: { state: 'ok' } });
  });

  it('BILLING-84 that does not arrive gave nothing', async () => {
    const { person, invoiceId } = await debited();
    await b.bench.control(`invoices/${invoiceId}/settle`, { result: 'failed' });
    await reconcileEvents(b.ctx);
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'free' } });
  });

  it('BILLING-84 cancelled before it arrives is refunded when it does', async () => {
    const { person, invoiceId } = await debited();
    expect(await cancelSubscription(b.ctx, person)).toMatchObject({ status: 'canceled' });
    await b.moveTo('2026-11-28T12:00:00Z');
    await b.bench.control(`invoices/${invoiceId}/settle`, { result: 'succeeded' });
    await reconcileEvents(b.ctx);
    const [charge] = await b.chargesOf(person);
    expect(charge?.amount_refunded).toBe(charge?.amount);
    expect(await b.planOf(person)).toBe('free');
  });
});

describe('the ways to pay', () => {
  it('BILLING-85 are cards and Link unless the operator says otherwise', async () => {
    await b.close();
    b = await BillingWorld.open('2026-11-24T12:00:00Z');
    const person = await b.person();
    const page = await b.openPage(person, 'pro');
    const session = await b.bench.stripe.checkout.sessions.retrieve(page);
    expect(session.allowed_payment_method_types).toEqual(['card', 'link']);
    expect(await b.pay(page, TEST_DEBIT)).toMatchObject({ state: 'declined' });
  });
});

describe('the operator’s terms', () => {
  it('BILLING-93 are linked above the button that pays, and nothing is said where there are none', async () => {
    const textOf = async (person: Person) =>
      (await b.bench.stripe.checkout.sessions.retrieve(await b.openPage(person, 'pro'))).custom_text.submit;
    expect(await textOf(await b.person())).toBeNull();
    await b.close();
    b = await BillingWorld.open('2026-11-24T12:00:00Z', {
      TERMS_URL: 'https://hourglass.test/terms',
      PRIVACY_URL: 'https://hourglass.test/privacy',
    });
    expect((await textOf(await b.person()))?.message).toBe(
      'Our [terms of service](https://hourglass.test/terms) and [privacy policy](https://hourglass.test/privacy) apply.',
    );
    const { data } = await b.bench.stripe.prices.list({ lookup_keys: ['hourglass_pro_monthly'] });
    expect(data[0]?.tax_behavior).toBe('inclusive');
  });
});
