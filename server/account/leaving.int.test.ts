import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BillingWorld, type Person } from '@/test/billing';
import { leaveQuota } from '@/test/world';
import { makeCustomer } from '../billing/checkout/ensure-customer';
import { openUpgrade } from '../billing/checkout/open-upgrade';
import { endCustomer } from '../billing/end-customer';
import { startTrial } from '../billing/start-trial';
import { type Actor, inTx } from '../context';
import { newId } from '../ids';
import type { Machines } from '../machine/machines';
import { findDrift } from '../quota/find-drift';
import { lockAccount } from '../quota/load-account';
import { createCaller } from '../router';
import { notifyQuota } from '../run/notify-quota';
import { batchStatus } from '../session/batch-status';
import { createSession } from '../session/create';
import { createApiKey } from './create-api-key';
import { deleteAccount } from './delete-account';
import { openAccount } from './open-account';
import { removeDeletedAccounts } from './remove-deleted';

let b: BillingWorld;
beforeAll(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
  Object.assign(b.ctx, {
    machines: { deleteApp: async () => ({ ok: true, value: undefined }) } as unknown as Machines,
  });
});
afterAll(() => b.close());

const as = (actor: Actor) =>
  createCaller({ ...b.ctx, actor, requestId: 'test', responseHeaders: new Headers() });
const byAdmin = ({ accountId }: Person) => ({ actor: 'user:admin', accountId, reason: 'asked for' });

/** Signs up a user with an address. */
async function signUp(email: string, name = 'Ada', isConfirmed = false): Promise<Person> {
  const userId = newId();
  await b.ctx.sql`
    insert into auth_user (id, name, email, email_verified) values (${userId}, ${name}, ${email}, ${isConfirmed})`;
  const accountId = await openAccount(b.ctx, { userId, name });
  return {
    accountId,
    userId,
    member: { kind: 'user', userId, accountId, role: 'owner', isAdmin: false, lacksSecondFactor: false },
  };
}

describe('an owner who leaves', () => {
  it.each(['active', 'blocked', 'pending'])(
    'ACCOUNT-22 deletes a %s account without quota by typing their address, and nothing with another text',
    async (status) => {
      const email = `leaves-${status}@hourglass.test`;
      const person = await b.person({ email, leftMs: 0 });
      await b.ctx.sql`update account set status = ${status} where id = ${person.accountId}`;
      for (const typed of ['somebody@else.test', 'Ada'])
        await expect(as(person.member).account.delete({ email: typed })).rejects.toMatchObject({
          cause: { reason: 'INVALID_INPUT' },
        });
      expect((await batchStatus(b.ctx, person.accountId)).quota.level).toBe('exhausted');
      const typed = ` ${email.toUpperCase()} `;
      expect(await as(person.member).account.delete({ email: typed })).toEqual({ deleted: true });
      expect(await b.ctx.sql`select 1 from auth_user where id = ${person.userId}`).toHaveLength(0);
      const [note] = await b.ctx.sql`select actor, action from audit where account_id = ${person.accountId}`;
      expect(note).toEqual({ actor: `user:${person.userId}`, action: 'account.delete' });
    },
  );

  it('ACCOUNT-23 is charged for this month in their next account, whatever they paid for before, and starts fresh next month', async () => {
    const first = await b.person({ email: 'again@hourglass.test', leftMs: 3_600_000 });
    await deleteAccount(b.ctx, byAdmin(first));
    const second = await signUp('Again+tag@Hourglass.test');
    const { quota } = await batchStatus(b.ctx, second.accountId);
    expect(quota).toMatchObject({ quotaSeconds: 4 * 3600, usedSeconds: 3 * 3600 });
    const [entry] = await b.ctx.sql`select kind, ms from usage_entry where account_id = ${second.accountId}`;
    expect(entry).toEqual({ kind: 'adjustment', ms: 3 * 3_600_000 });
    const stranger = await signUp('stranger@hourglass.test');
    expect((await batchStatus(b.ctx, stranger.accountId)).quota.usedSeconds).toBe(0);

    // Time paid for in the deleted account is charged only up to the new account's own plan.
    const paying = await b.person({ email: 'paid@hourglass.test', planId: 'max', leftMs: 0 });
    await deleteAccount(b.ctx, byAdmin(paying));
    const back = await signUp('paid@hourglass.test');
    expect((await batchStatus(b.ctx, back.accountId)).quota.usedSeconds).toBe(4 * 3600);
    await deleteAccount(b.ctx, byAdmin(back));
    expect(await findDrift(b.ctx.sql)).toEqual([]);

    await b.moveTo('2026-12-01T00:00:00Z');
    const december = await signUp('paid@hourglass.test');
    expect((await batchStatus(b.ctx, december.accountId)).quota.usedSeconds).toBe(0);
    await deleteAccount(b.ctx, byAdmin(december));
    expect(await b.ctx.sql`select 1 from usage_mark where period = '2026-11'`).toHaveLength(0);
  });

  it("ACCOUNT-23 never uses up another person's month: usage under an unconfirmed address does not count for its owner", async () => {
    const planted = await signUp('victim@hourglass.test');
    await leaveQuota(b.world, planted.accountId, 0);
    await deleteAccount(b.ctx, byAdmin(planted));
    const victim = await signUp('victim@hourglass.test', 'Victim', true);
    expect((await batchStatus(b.ctx, victim.accountId)).quota.usedSeconds).toBe(0);
  });

  it('ACCOUNT-24 is not named afterwards in any table or at the payment provider', async () => {
    const address = 'lovelace@hourglass.test';
    const person = await signUp(address, 'Augusta Lovelace', true);
    const { accountId, userId } = person;
    await startTrial(b.ctx, person);
    const kept = await createSession(b.ctx, { accountId, name: 'lovelace kept' });
    const gone = await createSession(b.ctx, { accountId, name: 'lovelace gone' });
    await as(person.member).session.delete({ sessionId: gone.id });
    const { key } = await createApiKey(b.ctx, {
      ...person,
      isAdmin: false,
      name: 'lovelace',
      scopes: ['session:read'],
    });
    await b.ctx.sql`
      insert into auth_sign_in (id, token, user_id, expires_at, ip_address) values ('s', 'lovelace', ${userId}, now(), '192.0.2.7')`;
    await b.ctx.sql`
      insert into auth_verification (id, identifier, value, expires_at)
      values ('v', 'reset-password:lovelace', ${userId}, now()), ('w', ${address}, 'lovelace', now())`;
    await b.ctx.sql`insert into mail_refusal (user_id) values (${userId})`;
    await as(person.member).session.rename({ sessionId: kept.id, name: 'lovelace named' });
    await b.pay(await b.openPage(person, 'pro'));
    await b.sync(person);
    const customer = await b.customerOf(person);
    await inTx(b.ctx, async (tx) => notifyQuota(tx, await lockAccount(tx, accountId)));
    expect(await whereNamed(/lovelace/i)).not.toEqual([]);

    await as(person.member).account.delete({ email: address });
    expect(await removeDeletedAccounts(b.ctx)).toBeGreaterThanOrEqual(1);
    expect(await whereNamed(/lovelace|192\.0\.2\.7/i)).toEqual([]);
    expect(await whereNamed(new RegExp(`${customer}|${key.slice(0, 11)}`))).toEqual([]);
    expect((await b.bench.stripe.customers.retrieve(customer)).deleted).toBe(true);
  });
});

/** Returns the tables that have a row matching the pattern. */
async function whereNamed(pattern: RegExp): Promise<string[]> {
  const tables = await b.ctx.sql<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`;
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await b.ctx.sql`select * from ${b.ctx.sql(name)}`;
    if (pattern.test(JSON.stringify(rows))) found.push(name);
  }
  return found;
}

describe('work in progress when an account was deleted', () => {
  it('ACCOUNT-25 makes no key, no session, no account and no customer', async () => {
    const person = await b.person({ email: 'under-way@hourglass.test' });
    const { accountId, userId } = person;
    await deleteAccount(b.ctx, byAdmin(person));
    const late = [
      () =>
        createApiKey(b.ctx, { accountId, userId, isAdmin: false, name: 'late', scopes: ['session:read'] }),
      () => createSession(b.ctx, { accountId, name: 'late' }),
      () => openUpgrade(b.ctx, { ...person, planId: 'pro' }),
    ];
    for (const call of late) await expect(call()).rejects.toMatchObject({ reason: 'NOT_FOUND' });
    await expect(openAccount(b.ctx, { userId, name: 'Ghost' })).rejects.toMatchObject({
      reason: 'UNAUTHORIZED',
    });
    expect(await b.ctx.sql`select 1 from account where name = 'Ghost'`).toHaveLength(0);
    expect(await b.ctx.sql`select 1 from billing_customer where account_id = ${accountId}`).toHaveLength(0);
  });

  it('ACCOUNT-25 ends a customer whose creation was lost, and payment pages that were still open', async () => {
    const person = await b.person({ email: 'never-heard@hourglass.test' });
    if (!b.ctx.payments) throw new Error('no payments');
    await b.ctx.sql`insert into billing_customer (account_id) values (${person.accountId})`;
    const lost = await makeCustomer(b.ctx, b.ctx.payments, person.accountId, 1);
    await deleteAccount(b.ctx, byAdmin(person));
    await endCustomer(b.ctx, person.accountId);
    expect((await b.bench.stripe.customers.retrieve(lost)).deleted).toBe(true);

    const other = await b.person();
    const page = await b.openPage(other, 'pro');
    await deleteAccount(b.ctx, byAdmin(other));
    await removeDeletedAccounts(b.ctx);
    expect((await b.bench.stripe.checkout.sessions.retrieve(page)).status).toBe('expired');
    await expect(b.pay(page)).rejects.toThrow();
  });
});
