import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { cancelSubscription } from '@/server/billing/cancel';
import { syncCatalogue } from '@/server/billing/catalogue/sync-catalogue';
import { changePlan } from '@/server/billing/change-plan';
import { openPortal } from '@/server/billing/checkout/open-portal';
import { openUpgrade } from '@/server/billing/checkout/open-upgrade';
import { describeBilling } from '@/server/billing/describe-billing';
import { openPack } from '@/server/billing/packs/open-pack';
import { previewChange } from '@/server/billing/preview-change';
import { resumeSubscription } from '@/server/billing/resume';
import { syncAccount } from '@/server/billing/sync/sync-account';
import { newId } from '@/server/ids';
import type { Member } from '@/server/trpc';
import { BillingWorld } from './billing';
import { createAccount, createWorld, type World } from './world';

/**
 * The main journeys through the payment provider's API, on the local Stripe and, with STRIPE_TEST_KEY (`sk_test_…`), on
 * the real one. Its hosted pages are opened and not filled in: what they would make is made through the API. The real
 * run leaves products, prices and a portal configuration in that account, and deletes its customers.
 */

type Person = { accountId: string; userId: string; member: Member };
type Place = { world: World; stripe: Stripe; close(): Promise<void> };

const KEY = process.env.STRIPE_TEST_KEY ?? '';
const WITHOUT_KEY = 'STRIPE_TEST_KEY is not set: the real Stripe was not asked.';

async function openLocal(): Promise<Place> {
  const b = await BillingWorld.open('2026-11-16T00:00:00Z');
  return { world: b.world, stripe: b.bench.stripe, close: () => b.close() };
}

async function openReal(): Promise<Place> {
  if (!/^sk_test_/.test(KEY)) throw new Error('STRIPE_TEST_KEY must be a test key.');
  const world = await createWorld({ env: { STRIPE_SECRET_KEY: KEY, ENVIRONMENT_ID: 'journeys' } });
  return { world, stripe: new Stripe(KEY), close: () => world.close() };
}

async function newPerson({ world }: Place): Promise<Person> {
  const accountId = await createAccount(world);
  const userId = newId();
  const { sql } = world.ctx;
  await sql`insert into auth_user (id, name, email, email_verified)
    values (${userId}, 'Ada', ${`${userId}@example.com`}, true)`;
  await sql`insert into member (account_id, user_id, role) values (${accountId}, ${userId}, 'owner')`;
  const who = { kind: 'user', userId, accountId, role: 'owner' } as const;
  return { accountId, userId, member: { ...who, isAdmin: false, lacksSecondFactor: false } };
}

const customerOf = async ({ world }: Place, { accountId }: Person): Promise<string> => {
  const [row] = await world.ctx.sql<{ id: string }[]>`
    select stripe_customer_id as id from billing_customer where account_id = ${accountId}`;
  return row?.id ?? '';
};

/** Makes the subscription that the payment page of a plan would make. */
async function subscribe(place: Place, person: Person, planId: string): Promise<void> {
  await openUpgrade(place.world.ctx, { ...person, planId });
  const customer = await customerOf(place, person);
  const { data } = await place.stripe.prices.list({ lookup_keys: [`hourglass_${planId}_monthly`] });
  const card = await place.stripe.paymentMethods.attach('pm_card_visa', { customer });
  await place.stripe.subscriptions.create({
    customer,
    items: [{ price: data[0]?.id ?? '', quantity: 1 }],
    default_payment_method: card.id,
    billing_cycle_anchor_config: { day_of_month: 1, hour: 0, minute: 0, second: 0 },
    metadata: { account: person.accountId, plan: planId },
  });
  await syncAccount(place.world.ctx, person);
}

/** The process's clock, which stands still, follows the real one. */
const catchUp = ({ world }: Place) => world.clock.advance(Math.max(0, Date.now() - world.clock.now()));

describe.each([
  ['the local Stripe', openLocal, true],
  ['the real Stripe', openReal, KEY !== ''],
])('BILLING-98 on %s', (name, open, isThere) => {
  let place: Place;
  const people: Person[] = [];
  beforeAll(async () => {
    if (isThere) place = await open();
  });
  afterAll(async () => {
    if (!isThere) return;
    for (const person of people) await place.stripe.customers.del(await customerOf(place, person));
    await place.close();
  });
  const need = (context: TestContext) => {
    if (!isThere) context.skip(WITHOUT_KEY);
    if (name !== 'the local Stripe') catchUp(place);
  };
  const person = async () => {
    const made = await newPerson(place);
    people.push(made);
    return made;
  };

  it('the catalogue is made once', { timeout: 120_000 }, async (context) => {
    need(context);
    const first = await syncCatalogue(place.world.ctx);
    const again = await syncCatalogue(place.world.ctx);
    expect(again.plans).toEqual(first.plans);
    expect(again.portal).toEqual(first.portal);
    expect(first.plans.filter(({ priceId }) => priceId).map(({ planId }) => planId)).toEqual(
      expect.arrayContaining(['starter', 'pro', 'max']),
    );
  });

  it('the pages of a plan, a pack, the card and the details open', { timeout: 120_000 }, async (context) => {
    need(context);
    const { ctx } = place.world;
    const ada = await person();
    const plan = await openUpgrade(ctx, { ...ada, planId: 'pro' });
    expect(await openUpgrade(ctx, { ...ada, planId: 'pro' })).toEqual(plan);
    const pack = await openPack(ctx, { ...ada, packId: 'pack10' });
    for (const { url } of [plan, pack]) expect(url).toMatch(/^https?:\/\/\S+\/c\/pay\/cs_test_/);
    for (const about of ['card', 'details'] as const)
      expect((await openPortal(ctx, { ...ada, about })).url).toMatch(/^https?:\/\/\S+\/p\/session\//);
  });

  it('a plan is bought, raised as previewed, lowered, cancelled and resumed', {
    timeout: 180_000,
  }, async (context) => {
    need(context);
    const { ctx } = place.world;
    const ada = await person();
    await subscribe(place, ada, 'starter');
    const summary = () => describeBilling(ctx, ada);
    expect(await summary()).toMatchObject({ plan: { id: 'starter' }, status: 'active' });
    if (name !== 'the local Stripe') catchUp(place);
    const preview = await previewChange(ctx, { ...ada, planId: 'pro' });
    expect(preview.effective).toBe('now');
    const raised = await changePlan(ctx, { ...ada, planId: 'pro', prorationDate: preview.prorationDate });
    expect(raised.plan.id).toBe('pro');
    const customer = await customerOf(place, ada);
    const { data } = await place.stripe.invoices.list({ customer, limit: 1 });
    expect([data[0]?.billing_reason, data[0]?.amount_due]).toEqual(['subscription_update', preview.dueNow]);
    const lowered = await changePlan(ctx, { ...ada, planId: 'starter' });
    expect(lowered).toMatchObject({ plan: { id: 'pro' }, scheduledChange: { planId: 'starter' } });
    expect((await resumeSubscription(ctx, ada)).scheduledChange).toBeNull();
    expect((await cancelSubscription(ctx, ada)).scheduledChange).toMatchObject({ kind: 'cancellation' });
    expect((await resumeSubscription(ctx, ada)).scheduledChange).toBeNull();
  });

  it('a card that is refused changes nothing', { timeout: 120_000 }, async (context) => {
    need(context);
    const { ctx } = place.world;
    const ada = await person();
    await subscribe(place, ada, 'starter');
    const customer = await customerOf(place, ada);
    const bad = await place.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer });
    await place.stripe.customers.update(customer, {
      invoice_settings: { default_payment_method: bad.id },
    });
    await syncAccount(ctx, ada);
    if (name !== 'the local Stripe') catchUp(place);
    await expect(changePlan(ctx, { ...ada, planId: 'max' })).rejects.toMatchObject({
      reason: 'PAYMENT_FAILED',
    });
    expect((await describeBilling(ctx, ada)).plan.id).toBe('starter');
  });
});
