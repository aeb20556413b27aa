import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listPacks } from '@/server/billing/packs/list-packs';
import { describeStanding } from '@/server/quota/describe-standing';
import { findDrift } from '@/server/quota/find-drift';
import { readAccount } from '@/server/quota/load-account';
import { BillingWorld, DECLINED, type Person } from '@/test/billing';
import { leaveQuota } from '@/test/world';
import { syncCatalogue } from '../catalogue/sync-catalogue';
import { openUpgrade } from '../checkout/open-upgrade';
import { returnFromCheckout } from '../checkout/return-from-checkout';
import { liftHolds } from '../lift-holds';
import { noteDispute, noteFraudWarning } from '../sync/note-hold';
import { openPack } from './open-pack';

let b: BillingWorld;

beforeAll(async () => {
  b = await BillingWorld.open('2026-11-30T16:00:00Z');
});
afterAll(() => b.close());

const standing = async ({ accountId }: Person) =>
  describeStanding(b.ctx, await readAccount(b.ctx.sql, accountId));

async function openPage(person: Person, packId = 'pack10', currency?: string): Promise<string> {
  const { url } = await openPack(b.ctx, { ...person, packId, currency });
  const id = /\/c\/pay\/([^/?#]+)/.exec(url)?.[1];
  if (!id) throw new Error(`This is no payment page: ${url}`);
  return id;
}

/** Returns an account with no quota left and a paid pack. */
async function buyer(packId = 'pack10', planId = 'free'): Promise<Person> {
  const person = await b.person({ planId, leftMs: 0 });
  await b.pay(await openPage(person, packId));
  await b.sync(person);
  return person;
}

const chargeOf = async (person: Person): Promise<string> => (await b.chargesOf(person))[0]?.id ?? '';

describe('BILLING-60 packs are sold', () => {
  it('with prices that the catalogue makes once, in the currency that is charged', async () => {
    const prices = async () => (await b.bench.stripe.prices.list({ limit: 100 })).data;
    const made = await prices();
    await syncCatalogue(b.ctx);
    expect(await prices()).toEqual(made);
    expect(await listPacks(b.ctx, null)).toEqual([
      { id: 'pack10', name: '10 hours', seconds: 36_000, price: { amount: 400, currency: 'usd' } },
      { id: 'pack50', name: '50 hours', seconds: 180_000, price: { amount: 1500, currency: 'usd' } },
    ]);
    const inPounds = await listPacks(b.ctx, null, 'gbp');
    expect(inPounds.map(({ price }) => price)).toEqual([
      { amount: 350, currency: 'gbp' },
      { amount: 1300, currency: 'gbp' },
    ]);
  });

  it('paid once for what the page says, and usable at once', async () => {
    const person = await b.person({ leftMs: 0 });
    expect(await standing(person)).toMatchObject({
      start: { reason: 'QUOTA_EXCEEDED' },
      upgrade: {
        url: 'http://localhost:3000/billing/upgrade?pack=pack10',
        plans: [{ id: 'custom' }],
        packs: [
          { id: 'pack10', price: { amount: 400 }, url: 'http://localhost:3000/billing/upgrade?pack=pack10' },
          { id: 'pack50', price: { amount: 1500 } },
        ],
      },
    });
    const page = await openPage(person);
    expect(await returnFromCheckout(b.ctx, { ...person, sessionId: page })).toBe('open');
    expect(await b.pay(page, DECLINED)).toMatchObject({ state: 'declined' });
    expect(await openPage(person)).toBe(page);
    await b.pay(page);
    expect(await returnFromCheckout(b.ctx, { ...person, sessionId: page })).toBe('added');
    expect((await b.chargesOf(person)).map(({ amount }) => amount)).toEqual([400]);
    expect(await standing(person)).toMatchObject({
      quota: {
        extraSeconds: 36_000,
        remainingSeconds: 36_000,
        quotaSeconds: 14_400,
        usedSeconds: 14_400,
        level: 'ok',
      },
      start: { allowed: true },
      upgrade: null,
    });
    await b.sync(person);
    expect((await standing(person)).quota.extraSeconds).toBe(36_000);
    expect(await b.signInEmails(person)).toEqual(['pack.bought']);
  });

  it('one page at a time; a second pack needs a second page, and adds to the first', async () => {
    const person = await b.person();
    const first = await openPage(person);
    expect(await openPage(person)).toBe(first);
    const bigger = await openPage(person, 'pack50');
    const { data } = await b.bench.stripe.checkout.sessions.list({
      customer: await b.customerOf(person),
      status: 'open',
    });
    expect(data.map(({ id }) => id)).toEqual([bigger]);
    await b.pay(bigger);
    const again = await openPage(person, 'pack50');
    expect(again).not.toBe(bigger);
    await b.pay(again);
    await b.sync(person);
    expect((await standing(person)).quota.extraSeconds).toBe(2 * 180_000);
  });

  it('beside a plan that is paid for: its reading leaves the page of a pack open', async () => {
    const person = await b.subscriber('pro');
    await leaveQuota(b.world, person.accountId, 0);
    const page = await openPage(person);
    await b.sync(person);
    await b.pay(page);
    expect(await returnFromCheckout(b.ctx, { ...person, sessionId: page })).toBe('added');
    expect(await b.planOf(person)).toBe('pro');
  });

  it.each([
    ['an unknown pack', 'pack99', {}, 'INVALID_INPUT'],
    ['a plan without a limit', 'pack10', { planId: 'custom' }, 'INVALID_INPUT'],
  ])('not where it helps nobody: %s', async (_, packId, options, reason) => {
    const person = await b.person(options);
    await expect(openPack(b.ctx, { ...person, packId })).rejects.toMatchObject({ reason });
  });

  it('not to a blocked account, and not without a price', async () => {
    const person = await b.person();
    await b.ctx.sql`update account set status = 'blocked' where id = ${person.accountId}`;
    await expect(openPack(b.ctx, { ...person, packId: 'pack10' })).rejects.toMatchObject({
      reason: 'ACCOUNT_BLOCKED',
    });
    const other = await b.person();
    await b.ctx.sql`delete from pack_offer where pack_id = 'pack50'`;
    await expect(openPack(b.ctx, { ...other, packId: 'pack50' })).rejects.toMatchObject({
      reason: 'NOT_FOR_SALE',
    });
    await syncCatalogue(b.ctx);
    await openPack(b.ctx, { ...other, packId: 'pack50' });
  });

  it('a page of somebody else adds nothing', async () => {
    const [mallory, other] = [await b.person(), await b.person()];
    await openPage(mallory);
    const page = await openPage(other);
    await b.pay(page);
    expect(await returnFromCheckout(b.ctx, { ...mallory, sessionId: page })).toBe('failed');
    expect((await standing(mallory)).quota.extraSeconds).toBe(0);
  });

  it('a plan bought after it keeps it', async () => {
    const person = await buyer();
    const { url } = await openUpgrade(b.ctx, { ...person, planId: 'max' });
    await b.pay(/\/c\/pay\/([^/?#]+)/.exec(url)?.[1] ?? '');
    await b.sync(person);
    expect((await standing(person)).quota).toMatchObject({ plan: { id: 'max' }, extraSeconds: 36_000 });
  });
});

describe('BILLING-61 money that goes back takes its time back', () => {
  it('in the proportion of the money, at most what is unused', async () => {
    const person = await buyer();
    await leaveQuota(b.world, person.accountId, -18_000_000);
    expect((await standing(person)).quota.extraSeconds).toBe(18_000);
    const charge = await chargeOf(person);
    await b.bench.stripe.refunds.create({ charge, amount: 100 });
    await b.sync(person);
    expect((await standing(person)).quota.extraSeconds).toBe(9_000);
    await b.bench.stripe.refunds.create({ charge, amount: 133 });
    await b.sync(person);
    expect((await standing(person)).quota.extraSeconds).toBe(0);
    await b.bench.stripe.refunds.create({ charge });
    await b.sync(person);
    expect(await standing(person)).toMatchObject({
      quota: { extraSeconds: 0, remainingSeconds: 0, usedSeconds: 14_400 + 18_000 },
      start: { reason: 'QUOTA_EXCEEDED' },
    });
    expect(await findDrift(b.ctx.sql, person.accountId)).toEqual([]);
    expect((await b.signInEmails(person)).filter((kind) => kind === 'pack.reduced')).toHaveLength(3);
  });

  it('a dispute takes all that is unused', async () => {
    const person = await buyer('pack50');
    const { id } = await b.bench.control<{ id: string }>(`charges/${await chargeOf(person)}/dispute`, {});
    await noteDispute(b.ctx, id);
    await expect(openPack(b.ctx, { ...person, packId: 'pack10' })).rejects.toMatchObject({
      reason: 'PURCHASE_REFUSED',
    });
    expect(await standing(person)).toMatchObject({
      quota: { extraSeconds: 0 },
      start: { reason: 'QUOTA_EXCEEDED' },
    });
  });
});

describe('BILLING-97 a fraud warning about the payment of a pack', () => {
  it('takes all that is unused, and an operator who lifts it gives it back', async () => {
    const person = await buyer('pack50');
    const other = await buyer('pack10');
    const warning = await b.bench.control<{ id: string }>(
      `charges/${await chargeOf(person)}/fraud_warning`,
      {},
    );
    await noteFraudWarning(b.ctx, warning.id);
    expect(await standing(person)).toMatchObject({
      quota: { extraSeconds: 0 },
      start: { reason: 'QUOTA_EXCEEDED' },
    });
    expect(await b.signInEmails(person)).toContain('pack.reduced');
    expect(await standing(other)).toMatchObject({ quota: { extraSeconds: 36_000 } });
    await liftHolds(b.ctx, { actor: 'operator', accountId: person.accountId, reason: 'they called' });
    await b.sync(person);
    expect(await standing(person)).toMatchObject({ quota: { extraSeconds: 180_000 } });
    expect(await findDrift(b.ctx.sql, person.accountId)).toEqual([]);
  });
});
