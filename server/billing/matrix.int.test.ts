import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BillingWorld, DECLINED, FAILS_LATER, GOOD, type Person } from '@/test/billing';
import { inTx } from '../context';
import { DomainError } from '../errors';
import { newId } from '../ids';
import { metrics } from '../metrics';
import { admitRun } from '../run/admit';
import { createSession } from '../session/create';
import { changePlan } from './change-plan';
import { openPortal } from './checkout/open-portal';
import { openUpgrade } from './checkout/open-upgrade';
import { returnFromCheckout } from './checkout/return-from-checkout';
import { openPayments, type Payments } from './payments';
import { previewChange } from './preview-change';
import { startTrial } from './start-trial';
import { processEvent } from './sync/receive-event';
import { syncAccount } from './sync/sync-account';

/** One moment per row, on one Stripe and one database; the clock only moves forward. */

let b: BillingWorld;
beforeAll(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
});
afterAll(() => b.close());

const fault = (more: Record<string, unknown>) => b.bench.control('faults', more);
const noFaults = () => b.bench.control('faults', undefined, 'DELETE');
const cardOf = async (person: Person, card: string) =>
  b.bench.control(`customers/${await b.customerOf(person)}/card`, { card });

async function eventsOf(person: Person) {
  const customer = await b.customerOf(person);
  const { data } = await b.bench.stripe.events.list({ limit: 100 });
  return data.filter((event) => JSON.stringify(event.data.object).includes(`"${customer}"`));
}

async function openPagesOf(person: Person): Promise<string[]> {
  const customer = await b.customerOf(person);
  const pages = await b.bench.stripe.checkout.sessions.list({ customer, status: 'open', limit: 100 });
  return pages.data.map((page) => page.id);
}

async function customersOf({ accountId }: Person): Promise<number> {
  const { data } = await b.bench.stripe.customers.list({ limit: 100 });
  return data.filter((one) => one.metadata.account === accountId).length;
}

const alarms = async (kind: string): Promise<number> =>
  (await metrics.billingAlarms.get()).values.find((one) => one.labels.kind === kind)?.value ?? 0;

/** Returns the provider with its answers observed, changed or withheld. */
const through = (see: Payments['ask']): Payments => ({ ...(b.ctx.payments as Payments), ask: see });
const ask: Payments['ask'] = (read) => (b.ctx.payments as Payments).ask(read);

describe('an event', () => {
  it('BILLING-8 that comes before its customer is known here loses nothing', async () => {
    const person = await b.person();
    const page = await b.openPage(person, 'pro');
    await b.pay(page);
    const customer = await b.customerOf(person);
    const set = (id: string | null) => b.ctx.sql`
      update billing_customer set stripe_customer_id = ${id} where account_id = ${person.accountId}`;
    await set(null);
    for (const event of await eventsOf({ ...person })) await processEvent(b.ctx, event);
    const all = await b.bench.stripe.events.list({ limit: 10 });
    for (const event of all.data) await processEvent(b.ctx, event);
    expect(await b.planOf(person)).toBe('free');
    await set(customer);
    // The return from the page, the next event and each night read everything.
    expect(await returnFromCheckout(b.ctx, { ...person, sessionId: page })).toBe('paid');
    expect(await b.planOf(person)).toBe('pro');
  });

  it('BILLING-8 whose reader died is processed when it is sent again', async () => {
    const person = await b.person();
    await b.pay(await b.openPage(person, 'pro'));
    const [event] = await eventsOf(person);
    if (!event) throw new Error('no event');
    const dying = { ...b.ctx, payments: through(() => Promise.reject(new Error('killed'))) };
    await expect(processEvent(dying, event)).rejects.toThrow('killed');
    expect(await b.planOf(person)).toBe('free');
    await processEvent(b.ctx, event);
    expect(await b.planOf(person)).toBe('pro');
  });

  it('BILLING-8 whose read was applied but whose consequences failed is not done with', async () => {
    const person = await b.person();
    const other = await b.openPage(person, 'starter');
    const customer = await b.customerOf(person);
    await cardOf(person, GOOD);
    const price = (
      await b.ctx.sql<{ id: string }[]>`select stripe_price_id as id from plan where id = 'pro'`
    )[0];
    await b.bench.stripe.subscriptions.create({ customer, items: [{ price: price?.id }] });
    const event = (await eventsOf(person)).find((one) => one.type === 'customer.subscription.created');
    if (!event) throw new Error('no event');
    await fault({ kind: 'status', path: '/expire$', status: 500, times: 10 });
    await expect(processEvent(b.ctx, event)).rejects.toMatchObject({ reason: 'BILLING_UNAVAILABLE' });
    expect(await b.planOf(person)).toBe('pro');
    expect(await openPagesOf(person)).toEqual([other]);
    await noFaults();
    await processEvent(b.ctx, event);
    expect(await openPagesOf(person)).toEqual([]);
  });

  it('BILLING-7 the way back works before the webhook and after it', async () => {
    const person = await b.person();
    const page = await b.openPage(person, 'starter');
    await b.pay(page);
    expect(await returnFromCheckout(b.ctx, { ...person, sessionId: page })).toBe('paid');
    for (const event of await eventsOf(person)) await processEvent(b.ctx, event);
    expect(await returnFromCheckout(b.ctx, { ...person, sessionId: page })).toBe('paid');
    expect(await b.signInEmails(person)).toEqual(['plan.changed']);
    expect(await b.planOf(person)).toBe('starter');
  });
});

describe('a payment page', () => {
  it('BILLING-5 of two owners is one page, and what one pays the other cannot pay again', async () => {
    const ada = await b.person();
    const userId = newId();
    await b.ctx
      .sql`insert into auth_user (id, name, email) values (${userId}, 'Bob', ${`${userId}@hourglass.test`})`;
    await b.ctx
      .sql`insert into member (account_id, user_id, role) values (${ada.accountId}, ${userId}, 'owner')`;
    const bob: Person = { ...ada, userId, member: { ...ada.member, userId } as Person['member'] };
    const [one, two] = await Promise.all([b.openPage(ada, 'pro'), b.openPage(bob, 'pro')]);
    expect(one).toBe(two);
    await b.pay(one);
    await expect(b.openPage(bob, 'max')).rejects.toThrow('confirm=1');
    expect(await b.subscriptionsOf(ada)).toHaveLength(1);
  });

  it.each([
    [DECLINED, 'confirmed', 'free'],
    ['4000000000009995', 'confirmed', 'free'],
    ['4000000000000069', 'confirmed', 'free'],
    ['4000002500003155', 'fail', 'free'],
    ['4000002500003155', 'confirmed', 'pro'],
    ['4000002760003184', 'confirmed', 'pro'],
  ])(
    'BILLING-5 paid with card %s and %s at the bank leaves the account on %s',
    async (card, challenge, planId) => {
      const person = await b.person();
      const page = await b.openPage(person, 'pro');
      await b.bench.control(`checkout/${page}/complete`, { card, challenge });
      await b.sync(person);
      expect(await b.planOf(person)).toBe(planId);
      if (planId === 'pro') return;
      // The subscription of a payment that needs a confirmation exists already, incomplete, and gives nothing.
      const made = (await b.subscriptionsOf(person)).map(({ status }) => status);
      expect(made).toEqual(challenge === 'fail' ? ['incomplete'] : []);
      expect(await b.openPage(person, 'pro')).toBe(page);
      await b.pay(page);
      await b.sync(person);
      expect(await b.planOf(person)).toBe('pro');
      expect(await b.subscriptionsOf(person)).toHaveLength(1);
    },
  );

  it('BILLING-5 that ended while nobody looked, or is about to, is replaced', async () => {
    const person = await b.person();
    const page = await b.openPage(person, 'pro');
    await b.moveTo('2026-11-25T11:55:00Z');
    const next = await b.openPage(person, 'pro');
    expect(next).not.toBe(page);
    expect(await openPagesOf(person)).toEqual([next]);
    await b.moveTo('2026-11-26T12:00:00Z');
    expect(await returnFromCheckout(b.ctx, { ...person, sessionId: next })).toBe('failed');
    expect(await b.openPage(person, 'pro')).not.toBe(next);
  });

  it('BILLING-5 that was paid and whose subscription ended unseen leads to a new page', async () => {
    const person = await b.person();
    const page = await b.openPage(person, 'pro');
    await b.pay(page);
    const [sold] = await b.subscriptionsOf(person);
    await b.bench.stripe.subscriptions.cancel(sold?.id ?? '');
    const next = await b.openPage(person, 'pro');
    expect(next).not.toBe(page);
    await b.pay(next);
    await b.sync(person);
    expect(await b.planOf(person)).toBe('pro');
  });
});

describe('keys under which a write happens once', () => {
  it('BILLING-5 answers that got lost make one customer and one page', async () => {
    const person = await b.person();
    for (const path of ['/v1/customers$', '/v1/checkout/sessions$']) {
      await fault({ kind: 'after_commit_reset', method: 'POST', path, times: 1 });
    }
    const page = await b.openPage(person, 'pro');
    expect(await customersOf(person)).toBe(1);
    expect(await openPagesOf(person)).toEqual([page]);
  });

  it('BILLING-5 an owner who changes name and address between two tries is still one customer', async () => {
    const person = await b.person();
    await fault({ kind: 'status', path: '/v1/customers/cus', status: 500, times: 10 });
    await expect(b.openPage(person, 'pro')).rejects.toMatchObject({ reason: 'BILLING_UNAVAILABLE' });
    await noFaults();
    await b.ctx
      .sql`update auth_user set name = 'Ada L.', email = ${`new-${newId()}@hourglass.test`} where id = ${person.userId}`;
    await b.openPage(person, 'pro');
    expect(await customersOf(person)).toBe(1);
  });

  it('BILLING-28 a failure that the provider remembers under its key locks nobody out', async () => {
    const person = await b.person();
    for (const path of ['/v1/customers$', '/v1/checkout/sessions$', '/expire$']) {
      await fault({ kind: 'kept_status', method: 'POST', path, status: 500, times: 1 });
    }
    await b.openPage(person, 'starter');
    const page = await b.openPage(person, 'pro');
    expect(await openPagesOf(person)).toEqual([page]);
    await noFaults();
  });

  it('BILLING-28 two tabs in the same moment wait for each other and see the same page', async () => {
    const person = await b.person();
    await fault({
      kind: 'latency',
      method: 'POST',
      path: '/v1/checkout/sessions$',
      latencyMs: 1_200,
      times: 1,
    });
    const pages = await Promise.all([b.openPage(person, 'pro'), b.openPage(person, 'pro')]);
    expect(new Set(pages).size).toBe(1);
    expect(await openPagesOf(person)).toEqual([pages[0]]);
  });

  it('BILLING-28 a change that was made is not reported as not made because it could not be read back', async () => {
    const person = await b.subscriber('pro');
    let made = false;
    const payments: Payments = {
      ...through((read) =>
        made ? Promise.reject(new DomainError('BILLING_UNAVAILABLE', 'away')) : ask(read),
      ),
      make: async (key, write) => {
        const answer = await (b.ctx.payments as Payments).make(key, write);
        made = true;
        return answer;
      },
    };
    const summary = await changePlan({ ...b.ctx, payments }, { ...person, planId: 'max' });
    expect(summary).toMatchObject({ plan: { id: 'pro' } });
    await b.sync(person);
    expect(await b.planOf(person)).toBe('max');
  });
});

describe('what nobody expected', () => {
  it('BILLING-17 a status newer than this version keeps what was known, grants nothing, and raises an alarm', async () => {
    const [known, stranger] = [await b.subscriber('pro'), await b.person()];
    await b.pay(await b.openPage(stranger, 'pro'));
    const payments = through(async (read) => {
      const answer = (await ask(read)) as { object?: string; data?: { object: string; status: string }[] };
      for (const one of answer.data ?? []) if (one.object === 'subscription') one.status = 'dreaming';
      return answer as never;
    });
    const before = await alarms('unknown_status');
    for (const person of [known, stranger]) await syncAccount({ ...b.ctx, payments }, person);
    expect(await b.planOf(known)).toBe('pro');
    expect(await b.planOf(stranger)).toBe('free');
    expect(await alarms('unknown_status')).toBe(before + 2);
    // Nothing can be sold beside it until an operator has looked at it.
    await b.sync(stranger);
    expect(await b.planOf(stranger)).toBe('pro');
  });

  it('BILLING-17 a customer that the provider does not know keeps what was known, and is made anew on the next way to a plan', async () => {
    const person = await b.subscriber('pro');
    await b.ctx
      .sql`update billing_customer set stripe_customer_id = ${`cus_${newId()}`} where account_id = ${person.accountId}`;
    const before = await alarms('unknown_customer');
    expect(await b.sync(person)).toEqual({ kind: 'unknown_customer' });
    expect(await alarms('unknown_customer')).toBe(before + 1);
    expect(await b.planOf(person)).toBe('pro');
    expect((await openPortal(b.ctx, person)).url).toContain('/p/session/');
    await b.sync(person);
    expect(await b.planOf(person)).toBe('free');
  });

  it('BILLING-5 a refund that the provider refuses is left to a person, and the second subscription ends all the same', async () => {
    const person = await b.person();
    const first = await b.openPage(person, 'pro');
    const stray = await b.bench.stripe.checkout.sessions.create({
      mode: 'subscription',
      customer: await b.customerOf(person),
      line_items: [
        { price: (await b.bench.stripe.prices.list({ lookup_keys: ['hourglass_max_monthly'] })).data[0]?.id },
      ].map((item) => ({ ...item, quantity: 1 })),
      success_url: 'https://example.test/',
      subscription_data: { metadata: { account: person.accountId, checkout: 'second' } },
    });
    await b.pay(first);
    await b.moveTo('2026-11-26T12:00:10Z');
    await b.pay(stray.id);
    const before = await alarms('refund_refused');
    await fault({
      kind: 'status',
      path: '/v1/refunds',
      method: 'POST',
      status: 400,
      code: 'balance_insufficient',
      times: 1,
    });
    await b.sync(person);
    await noFaults();
    expect(await alarms('refund_refused')).toBe(before + 1);
    expect((await b.subscriptionsOf(person)).map((one) => one.status).sort()).toEqual(['active', 'canceled']);
    expect(await b.planOf(person)).toBe('pro');
  });
});

describe('the trial', () => {
  it('BILLING-15 used up by many starts in the same moment reserves no second more than there is', async () => {
    const person = await b.person();
    await startTrial(b.ctx, person);
    await b.ctx.sql`update plan set max_sessions = 10 where id = 'trial'`;
    const left = 90_000;
    await b.ctx.sql`
      insert into usage_period (account_id, period, quota_ms, used_ms) values (${person.accountId}, 'trial', ${18_000_000}, ${18_000_000 - left})`;
    const sessions = await Promise.all(
      Array.from({ length: 10 }, (_, i) => createSession(b.ctx, { ...person, name: `s${i}` })),
    );
    const starts = await Promise.all(
      sessions.map(({ id }) =>
        inTx(b.ctx, (tx) => admitRun(tx, { ...person, sessionId: id })).then(
          () => 'admitted',
          (error: DomainError) => error.reason,
        ),
      ),
    );
    expect(new Set(starts)).toEqual(new Set(['admitted', 'TRIAL_EXHAUSTED']));
    const [sums] = await b.ctx.sql`
      select used_ms + held_ms <= quota_ms as within, held_ms from usage_period where account_id = ${person.accountId}`;
    expect(sums?.within).toBe(true);
    expect(Number(sums?.held_ms)).toBeLessThanOrEqual(left);
    await b.ctx.sql`update plan set max_sessions = 1 where id = 'trial'`;
  });

  it('BILLING-12 of a subscription made elsewhere gives its plan, and a card that fails at its end keeps it 72 hours', async () => {
    const person = await b.person();
    await b.openPage(person, 'pro');
    await cardOf(person, FAILS_LATER);
    const { data } = await b.bench.stripe.prices.list({ lookup_keys: ['hourglass_pro_monthly'] });
    await b.bench.stripe.subscriptions.create({
      customer: await b.customerOf(person),
      items: [{ price: data[0]?.id }],
      trial_end: Date.parse('2026-11-28T00:00:00Z') / 1000,
    });
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'pro' }, status: 'trialing' });
    await b.moveTo('2026-11-28T02:00:00Z');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({
      plan: { id: 'pro' },
      status: 'past_due',
      payment: { keepsPlanUntil: '2026-12-01T00:00:00.000Z' },
    });
  });
});

describe('a smaller plan', () => {
  it('BILLING-10 decided on twice in the same moment, and again in the month after it came, comes each time', async () => {
    const person = await b.subscriber('max');
    const twice = [1, 2].map(() => changePlan(b.ctx, { ...person, planId: 'pro' }));
    for (const summary of await Promise.all(twice)) {
      expect(summary.scheduledChange).toMatchObject({ planId: 'pro', kind: 'downgrade' });
    }
    await b.moveTo('2026-12-01T02:00:00Z');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'pro' }, scheduledChange: null });
    expect(await changePlan(b.ctx, { ...person, planId: 'starter' })).toMatchObject({
      plan: { id: 'pro' },
      scheduledChange: { planId: 'starter', at: '2027-01-01T00:00:00.000Z' },
    });
    await b.moveTo('2027-01-01T02:00:00Z');
    await b.sync(person);
    expect(await b.planOf(person)).toBe('starter');
  });
});

describe('a renewal', () => {
  it('BILLING-12 BILLING-29 that fails is told once, ends the plan after 72 hours with an email, and heals by another card', async () => {
    const person = await b.subscriber('pro');
    await cardOf(person, FAILS_LATER);
    await b.moveTo('2027-02-01T02:00:00Z');
    for (let again = 0; again < 3; again++) await b.sync(person);
    expect(await b.signInEmails(person)).toEqual(['plan.changed', 'payment.failed']);
    // No read happens at the end of the 72 hours: the next read reports the change, once.
    await b.moveTo('2027-02-04T00:30:00Z');
    for (let again = 0; again < 3; again++) await b.sync(person);
    expect(await b.planOf(person)).toBe('free');
    expect(await b.signInEmails(person)).toEqual(['plan.changed', 'payment.failed', 'plan.changed']);
    const [line] = await b.ctx.sql`
      select before ->> 'planId' as was, after ->> 'planId' as is from audit
      where account_id = ${person.accountId} order by id desc limit 1`;
    expect(line).toMatchObject({ was: 'pro', is: 'free' });
    // The provider retries by itself, with the card added meanwhile.
    await cardOf(person, GOOD);
    await b.moveTo('2027-02-04T02:00:00Z');
    for (let again = 0; again < 3; again++) await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'pro' }, payment: { state: 'ok' } });
    expect((await b.signInEmails(person)).slice(3)).toEqual(['plan.changed']);
    // The next failed payment is another cause, whatever was read in between.
    await cardOf(person, FAILS_LATER);
    await b.moveTo('2027-03-01T02:00:00Z');
    await b.sync(person);
    expect((await b.signInEmails(person)).slice(4)).toEqual(['payment.failed']);
  });

  it('BILLING-12 that a bank asks about waits for its owner', async () => {
    const person = await b.person();
    const page = await b.openPage(person, 'starter');
    await b.bench.control(`checkout/${page}/complete`, { card: '4000002760003184' });
    await b.moveTo('2027-04-01T02:00:00Z');
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'starter' }, status: 'past_due' });
    const [open] = await b.invoicesOf(person);
    await b.bench.control(`invoices/${open?.id}/pay`, { challenge: 'fail' });
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ payment: { state: 'past_due' } });
    await b.bench.control(`invoices/${open?.id}/pay`, {});
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ payment: { state: 'ok', due: null } });
  });

  it('BILLING-12 of a paused subscription waits too: it gives nothing and blocks a second one', async () => {
    const person = await b.subscriber('pro');
    const [sold] = await b.subscriptionsOf(person);
    await b.bench.stripe.subscriptions.pause(sold?.id ?? '', {} as never);
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'free' }, payment: { state: 'paused' } });
    await expect(b.openPage(person, 'max')).rejects.toThrow('confirm=1');
    const change = changePlan(b.ctx, { ...person, planId: 'max' });
    await expect(change).rejects.toMatchObject({ reason: 'PAYMENT_FAILED' });
  });
});

describe('the first payment', () => {
  it.each([
    '2027-04-30T23:59:59Z',
    '2027-05-01T00:00:00Z',
    '2027-10-31T01:30:00Z',
    '2027-12-31T23:59:00Z',
    '2028-01-31T12:00:00Z',
    '2028-02-29T12:00:00Z',
    '2028-03-26T02:30:00Z',
  ])('BILLING-6 at %s is what was shown, and the next one is whole and on the first', async (instant) => {
    await b.moveTo(instant);
    const person = await b.person();
    const shown = await previewChange(b.ctx, { ...person, planId: 'pro' });
    await b.pay(await b.openPage(person, 'pro'));
    await b.sync(person);
    const { nextCharge } = await b.summary(person);
    expect((await b.invoicesOf(person))[0]?.amount_paid).toBe(shown.dueNow);
    expect(nextCharge).toMatchObject({ amount: 1900, at: shown.next.at });
    expect(nextCharge?.at).toMatch(/-01T00:00:00\.000Z$/);
    const [sold] = await b.subscriptionsOf(person);
    await b.bench.stripe.subscriptions.cancel(sold?.id ?? '');
  });
});

describe('a provider that is away', () => {
  it.each([
    { kind: 'status', status: 500 },
    { kind: 'status', status: 429 },
    { kind: 'hang' },
    { kind: 'reset' },
  ])('BILLING-3 for a first way to a plan changes nothing: %j', async (how) => {
    const person = await b.person();
    const ctx = { ...b.ctx, payments: openPayments(b.ctx.env, 300) };
    await fault({ ...how, path: '/v1', times: 20 });
    const way = openUpgrade(ctx, { ...person, planId: 'pro' });
    await expect(way).rejects.toMatchObject({ reason: 'BILLING_UNAVAILABLE' });
    await noFaults();
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'free' }, status: null });
    expect(await b.openPage(person, 'pro')).toMatch(/^cs_test/);
  });
});
