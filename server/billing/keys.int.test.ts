import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench } from '@/cloud/stripe/testing';
import { BillingWorld, type Person } from '@/test/billing';
import type { Ctx } from '../context';
import { metrics } from '../metrics';
import { syncCatalogue } from './catalogue/sync-catalogue';
import { openUpgrade } from './checkout/open-upgrade';
import { listInvoices } from './list-invoices';
import { openPayments } from './payments';
import { sweepForeign } from './sync/sweep-foreign';
import { syncAccount } from './sync/sync-account';

const AT = '2026-11-24T12:00:00Z';

let b: BillingWorld;
let other: Bench;
beforeEach(async () => {
  b = await BillingWorld.open(AT);
  other = await Bench.open(AT);
});
afterEach(async () => {
  await b.close();
  await other.close();
});

const alarms = async (kind: string) =>
  (await metrics.billingAlarms.get()).values.find((one) => one.labels.kind === kind)?.value ?? 0;

/** Returns the same installation with the key of another account. */
function withOtherKey(): Ctx {
  const env = { ...b.ctx.env, STRIPE_API_URL: other.server.url };
  return { ...b.ctx, env, payments: openPayments(env) };
}

const pageOf = async (ctx: Ctx, person: Person, planId = 'pro') =>
  /\/c\/pay\/([^/?#]+)/.exec((await openUpgrade(ctx, { ...person, planId })).url)?.[1] ?? '';

describe('a key of another account', () => {
  it('BILLING-86 ends what was paid to the other within a minute, with an alarm, and sells anew', async () => {
    const person = await b.subscriber('max');
    const ctx = withOtherKey();
    await syncCatalogue(ctx);
    const before = await alarms('other_stripe_account');
    await sweepForeign(ctx);
    expect(await b.planOf(person)).toBe('free');
    expect(await alarms('other_stripe_account')).toBe(before + 1);
    expect(await b.signInEmails(person)).toContain('plan.changed');
    expect(await listInvoices(ctx, person)).toEqual({ items: [], nextCursor: null });
    const page = await pageOf(ctx, person);
    await other.control(`checkout/${page}/complete`, {});
    await syncAccount(ctx, person);
    expect(await b.planOf(person)).toBe('pro');
  });

  it('BILLING-86 sells to whoever comes before anything was read', async () => {
    const person = await b.subscriber('max');
    const ctx = withOtherKey();
    await syncCatalogue(ctx);
    expect(await pageOf(ctx, person)).toMatch(/^cs_test/);
    expect(await b.planOf(person)).toBe('free');
  });

  it('BILLING-86 put back, everything is as it was', async () => {
    const person = await b.subscriber('max');
    const customer = await b.customerOf(person);
    const ctx = withOtherKey();
    await syncCatalogue(ctx);
    await pageOf(ctx, person);
    await syncCatalogue(b.ctx);
    await sweepForeign(b.ctx);
    expect(await b.customerOf(person)).toBe(customer);
    expect(await b.planOf(person)).toBe('max');
    expect(await b.summary(person)).toMatchObject({ status: 'active', payment: { card: { last4: '4242' } } });
  });

  it('BILLING-86 an account without a subscription is not told anything', async () => {
    const person = await b.person();
    await b.openPage(person, 'pro');
    const before = await alarms('other_stripe_account');
    await b.sync(person);
    await sweepForeign(withOtherKey());
    expect(await alarms('other_stripe_account')).toBe(before);
    expect(await b.signInEmails(person)).toEqual([]);
  });
});

describe('a customer that was deleted at the provider', () => {
  it('BILLING-87 has ended what it paid for, and can buy again', async () => {
    const person = await b.subscriber('pro');
    await b.bench.stripe.customers.del(await b.customerOf(person));
    await b.sync(person);
    expect(await b.summary(person)).toMatchObject({ plan: { id: 'free' }, status: 'canceled' });
    await b.pay(await b.openPage(person, 'pro'));
    await b.sync(person);
    expect(await b.planOf(person)).toBe('pro');
  });

  it('BILLING-87 or that nobody knows is no reason to sell nothing', async () => {
    const person = await b.subscriber('pro');
    await b.ctx
      .sql`update billing_customer set stripe_customer_id = 'cus_lost' where account_id = ${person.accountId}`;
    expect(await b.sync(person)).toEqual({ kind: 'unknown_customer' });
    expect(await b.planOf(person)).toBe('pro');
    expect(await b.openPage(person, 'pro')).toMatch(/^cs_test/);
    expect(await b.planOf(person)).toBe('free');
  });
});
