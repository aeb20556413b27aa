import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench } from '@/cloud/stripe/testing';
import { BillingWorld, type Person } from '@/test/billing';
import type { Actor } from '../../context';
import { parseEnv } from '../../env';
import { newId } from '../../ids';
import { quotaRules } from '../../quota/account-state';
import { decideStart } from '../../quota/decide-start';
import { readAccount } from '../../quota/load-account';
import { appRouter, createCaller } from '../../router';
import { batchStatus } from '../../session/batch-status';
import { listPricedPlans } from '../catalogue/priced-plans';
import { changePlan } from '../change-plan';
import { openUpgrade } from '../checkout/open-upgrade';
import { startTrial } from '../start-trial';

let b: BillingWorld;
beforeEach(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
});
afterEach(() => b.close());

const callerOf = (actor: Actor | null, ctx = b.ctx) =>
  createCaller({ ...ctx, actor, requestId: 'test', responseHeaders: new Headers() });

describe('without the payment provider', () => {
  it('BILLING-3 nothing is for sale and nobody gets a paid plan; the rest works', async () => {
    const person = await b.person({ leftMs: 0 });
    const ctx = { ...b.ctx, payments: null, env: { ...b.ctx.env, STRIPE_SECRET_KEY: undefined } };
    const prices = (await listPricedPlans(ctx, null, 'usd')).map((plan) => plan.price);
    expect(new Set(prices)).toEqual(new Set([null]));
    const caller = callerOf(person.member, ctx);
    for (const call of [
      () => caller.billing.upgradeLink({ planId: 'pro' }),
      () => caller.billing.portalLink(),
      () => caller.billing.changePlan({ planId: 'pro' }),
      () => caller.billing.cancel(),
      () => caller.billing.refresh(),
    ]) {
      await expect(call()).rejects.toMatchObject({ cause: { reason: 'NOT_FOR_SALE' } });
    }
    expect(await caller.billing.summary()).toMatchObject({ plan: { id: 'free' }, paymentsSetUp: false });
    expect((await caller.billing.invoices({})).items).toEqual([]);
    const status = await batchStatus(ctx, person.accountId);
    expect(status.upgrade?.plans[0]).toMatchObject({ id: 'starter', price: null });
  });

  it('BILLING-3 a live key talks to the provider itself only; a test key says that no card is charged', async () => {
    const env = {
      DATABASE_URL: 'postgres://x',
      REDIS_URL: 'redis://x',
      AUTH_SECRET: 'x'.repeat(32),
      ENVIRONMENT_ID: 'test',
      STRIPE_API_URL: 'http://127.0.0.1:1',
    };
    for (const key of ['sk_live_1', 'rk_live_1', 'sk_org_live_1', 'whatever']) {
      expect(() => parseEnv({ ...env, STRIPE_SECRET_KEY: key })).toThrow(/STRIPE_API_URL/);
    }
    expect(parseEnv({ ...env, STRIPE_SECRET_KEY: 'sk_test_1' }).STRIPE_SECRET_KEY).toBe('sk_test_1');
    const person = await b.person();
    expect(await b.summary(person)).toMatchObject({ testPayments: true, paymentsSetUp: true });
  });

  it('BILLING-3 a provider that hangs, answers nonsense or cuts the line changes nothing', async () => {
    const person = await b.subscriber('pro');
    const before = await b.summary(person);
    for (const fault of [
      { kind: 'status', status: 500 },
      { kind: 'status', status: 429 },
      { kind: 'reset' },
      { kind: 'after_commit_reset' },
    ]) {
      await b.bench.control('faults', { ...fault, path: '/v1', times: 20 });
      const change = changePlan(b.ctx, { ...person, planId: 'max' });
      await expect(change, fault.kind).rejects.toMatchObject({ reason: 'BILLING_UNAVAILABLE' });
      await b.bench.control('faults', undefined, 'DELETE');
      expect(await b.summary(person), fault.kind).toEqual(before);
    }
  });
});

describe('an account that may start nothing', () => {
  it.each([
    ['blocked', 'ACCOUNT_BLOCKED'],
    ['pending', 'ACCOUNT_PENDING'],
  ])(
    'BILLING-20 sells nothing to an account that is %s, and lets it cancel what it pays for',
    async (status, reason) => {
      const fresh = await b.person();
      const paying = await b.subscriber('starter');
      const { sql } = b.ctx;
      await sql`update account set status = ${status} where id = any(${[fresh.accountId, paying.accountId]})`;
      await expect(b.openPage(fresh, 'pro')).rejects.toMatchObject({ reason });
      await expect(startTrial(b.ctx, fresh)).rejects.toMatchObject({ reason });
      await expect(changePlan(b.ctx, { ...paying, planId: 'max' })).rejects.toMatchObject({ reason });
      expect(await b.subscriptionsOf(fresh)).toEqual([]);
      expect((await changePlan(b.ctx, { ...paying, planId: 'free' })).scheduledChange?.kind).toBe(
        'cancellation',
      );
    },
  );
});

describe('who may change billing', () => {
  const member = (person: Person, more: Partial<Actor>): Actor => ({ ...person.member, ...more }) as Actor;
  const key = (person: Person, scopes: string[]): Actor =>
    ({ kind: 'apiKey', keyId: 'k', accountId: person.accountId, scopes, isAdmin: false }) as Actor;

  it('BILLING-18 owners and keys with billing:write change it, members and other keys read it', async () => {
    const person = await b.person();
    const changes = (actor: Actor | null) => {
      const { billing } = callerOf(actor);
      return [
        () => billing.upgradeLink({ planId: 'pro' }),
        () => billing.portalLink(),
        () => billing.changePlan({ planId: 'pro' }),
        () => billing.cancel(),
        () => billing.resume(),
        () => billing.startTrial(),
      ];
    };
    for (const call of changes(null)) {
      await expect(call()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    }
    const limited = [
      member(person, { role: 'member' } as never),
      key(person, ['billing:read', 'session:write']),
    ];
    for (const actor of limited) {
      for (const call of changes(actor)) await expect(call()).rejects.toMatchObject({ code: 'FORBIDDEN' });
      expect(await callerOf(actor).billing.summary()).toMatchObject({ mayChange: false });
    }
    const { url } = await callerOf(key(person, ['billing:write'])).billing.upgradeLink({ planId: 'pro' });
    expect(url).toContain('/c/pay/');
  });

  it.each([
    ['upgradeLink', { planId: 'pro', accountId: 'another' }],
    ['upgradeLink', { planId: 'pro', price: 1 }],
    ['upgradeLink', { planId: '' }],
    ['upgradeLink', { planId: ['pro'] }],
    ['changePlan', { planId: 'pro', amount: 0 }],
    ['changePlan', { planId: 'pro', prorationDate: -1 }],
    ['changePlan', { planId: 'pro', prorationDate: 1.5 }],
    ['changePlan', { planId: 'pro', customer: 'cus_1' }],
    ['portalLink', { returnUrl: 'https://elsewhere.example' }],
    ['startTrial', { accountId: 'another' }],
    ['cancel', { immediately: true }],
    ['refresh', { customer: 'cus_1' }],
  ])('BILLING-18 forged fields are refused: %s %j', async (name, input) => {
    const { billing } = callerOf((await b.person()).member) as unknown as {
      billing: Record<string, (input: unknown) => Promise<unknown>>;
    };
    await expect(billing[name]?.(input)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('BILLING-18 forged fields are refused by every procedure there is', async () => {
    const caller = callerOf((await b.person()).member) as unknown as {
      billing: Record<string, (input: unknown) => Promise<unknown>>;
    };
    const names = Object.keys(appRouter._def.procedures).filter((path) => path.startsWith('billing.'));
    expect(names.length).toBeGreaterThan(10);
    const good: Record<string, object> = {
      'billing.upgradeLink': { planId: 'pro' },
      'billing.previewChange': { planId: 'pro' },
      'billing.changePlan': { planId: 'pro' },
    };
    for (const path of names) {
      for (const forged of ['accountId', 'customer', 'amount', 'status', '__proto__x']) {
        const call = caller.billing[path.slice('billing.'.length)]?.({ ...good[path], [forged]: 'mine' });
        await expect(call, `${path} ${forged}`).rejects.toMatchObject({ code: 'BAD_REQUEST' });
      }
    }
  });

  it('BILLING-1 BILLING-2 BILLING-6 answers have the fields that other programs hold on to, and no others', async () => {
    const person = await b.subscriber('pro');
    const { billing } = callerOf(person.member);
    const summary = await billing.summary();
    const fields = (value: object) => Object.keys(value).sort().join(' ');
    expect(fields(summary)).toBe(
      'mayChange nextCharge ownPlan packs paidPlan payment paymentsSetUp pendingChange periodEnd periodStart plan scheduledChange status testPayments trial',
    );
    const preview = await billing.previewChange({ planId: 'max' });
    expect(fields(preview)).toBe('currency dueNow effective next prorationDate thisMonthSeconds');
    expect(fields(preview.next)).toBe('amount at');
    const made = await billing.changePlan({ planId: 'max', prorationDate: preview.prorationDate });
    const answers = [made, await billing.cancel(), await billing.resume(), await billing.refresh()];
    for (const answer of answers) expect(fields(answer)).toBe(fields(summary));
    expect(fields(await billing.portalLink())).toBe('url');
    const other = callerOf((await b.person()).member);
    expect(fields(await other.billing.upgradeLink({ planId: 'pro' }))).toBe('url');
    expect(fields(await other.billing.startTrial())).toBe(fields(summary));
    const [free, , starter] = await callerOf(null).billing.plans();
    expect(fields(starter ?? {})).toBe(
      'description id idleStop maxSessions monthlySeconds name onceSeconds price sort storageGb thisMonthSeconds visible',
    );
    expect(free?.price).toBeNull();
    expect(fields(starter?.price ?? {})).toBe('amount currency interval');
  });

  it.each(['https://elsewhere.example', '//elsewhere.example', '/\\elsewhere', 'javascript:alert(1)', ''])(
    'BILLING-18 the way back stays on this site: %j',
    async (from) => {
      const person = await b.person();
      const { url } = await openUpgrade(b.ctx, { ...person, planId: 'pro', from });
      const id = url.split('/').at(-1) ?? '';
      const page = await b.bench.stripe.checkout.sessions.retrieve(id);
      expect(page.cancel_url).toBe('http://localhost:3000/plans');
    },
  );

  it('BILLING-19 links of the payment provider are kept nowhere', async () => {
    const person = await b.subscriber('pro');
    await callerOf(person.member).billing.portalLink();
    await openUpgrade(b.ctx, { ...(await b.person()), planId: 'pro' });
    const tables = ['checkout', 'subscription', 'billing_customer', 'stripe_event', 'audit', 'mail'];
    for (const table of tables) {
      const [row] = await b.ctx.sql.unsafe<{ text: string }[]>(
        `select coalesce(string_agg(t::text, ' '), '') as text from ${table} t`,
      );
      expect(row?.text, table).not.toMatch(/https?:\/\/[^ ]*\/(c\/pay|p\/session|i)\//);
    }
    const { items } = await callerOf(person.member).billing.invoices({});
    expect(items[0]?.url).toMatch(/^http:\/\/localhost:3000\/billing\/invoices\/in_/);
  });
});

describe('the trial', () => {
  it('BILLING-15 has an allowance of its own that no month renews and that ends by use', async () => {
    const person = await b.person();
    expect(await b.summary(person)).toMatchObject({ trial: { available: true, used: false } });
    expect(await startTrial(b.ctx, person)).toMatchObject({
      plan: { id: 'trial' },
      ownPlan: { id: 'trial' },
    });
    const used = 5 * 3_600_000;
    await b.ctx.sql`
      insert into usage_period (account_id, period, quota_ms, used_ms) values (${person.accountId}, 'trial', ${used}, ${used})`;
    for (const instant of ['2026-11-25T00:00:00Z', '2026-12-02T00:00:00Z']) {
      await b.moveTo(instant);
      const state = await readAccount(b.ctx.sql, person.accountId);
      expect(decideStart(state, quotaRules(b.ctx.env)).reason).toBe('TRIAL_EXHAUSTED');
      const status = await batchStatus(b.ctx, person.accountId);
      expect(status.upgrade?.plans.map((plan) => plan.id)).toEqual(['starter', 'pro', 'max', 'custom']);
    }
    expect(await changePlan(b.ctx, { ...person, planId: 'free' })).toMatchObject({ plan: { id: 'free' } });
    await expect(startTrial(b.ctx, person)).rejects.toMatchObject({ reason: 'TRIAL_USED' });
  });

  it('BILLING-15 is once per person: not again by another address, identity or twenty clicks at once', async () => {
    const first = await b.person({ email: 'Grace.Hopper+one@gmail.com' });
    const clicks = await Promise.allSettled(Array.from({ length: 20 }, () => startTrial(b.ctx, first)));
    expect(clicks.filter((click) => click.status === 'fulfilled')).toHaveLength(1);
    for (const email of [
      'gracehopper@gmail.com',
      'grace.hopper@googlemail.com',
      'g.racehopper+x@gmail.com',
    ]) {
      const again = await b.person({ email });
      await expect(startTrial(b.ctx, again), email).rejects.toMatchObject({ reason: 'TRIAL_USED' });
      expect(await b.planOf(again)).toBe('free');
    }
    const [one, two] = [await b.person(), await b.person()];
    for (const { userId } of [one, two]) {
      await b.ctx.sql`
        insert into auth_identity (id, account_id, provider_id, user_id) values (${newId()}, '4711', 'github', ${userId})`;
    }
    await startTrial(b.ctx, one);
    await expect(startTrial(b.ctx, two)).rejects.toMatchObject({ reason: 'TRIAL_USED' });
    // The marks reveal nothing about the persons.
    const [row] = await b.ctx.sql<
      { text: string }[]
    >`select string_agg(t::text, ' ') as text from trial_mark t`;
    expect(row?.text).not.toMatch(/grace|gmail|4711|github/);
  });

  it('BILLING-15 is given to a confirmed address or a sign-in elsewhere, and nobody uses up that of another', async () => {
    const email = 'claimed@hourglass.test';
    const { sql } = b.ctx;
    const planted = await b.person({ email });
    await sql`update auth_user set email_verified = false where id = ${planted.userId}`;
    await expect(startTrial(b.ctx, planted)).rejects.toMatchObject({
      reason: 'EMAIL_UNCONFIRMED',
      message: expect.stringContaining('Confirm your email address first'),
    });
    expect(await b.planOf(planted)).toBe('free');
    // Their own identity is accepted; the address they only claim stays free for its owner.
    await sql`insert into auth_identity (id, account_id, provider_id, user_id) values (${newId()}, '4712', 'github', ${planted.userId})`;
    expect(await startTrial(b.ctx, planted)).toMatchObject({ plan: { id: 'trial' } });
    await sql`update auth_user set email = 'given-up@hourglass.test' where id = ${planted.userId}`;
    const owner = await b.person({ email });
    expect(await startTrial(b.ctx, owner)).toMatchObject({ plan: { id: 'trial' } });
  });

  it('BILLING-15 who pays or has more does not need it, and then has not used it', async () => {
    for (const person of [await b.subscriber('starter'), await b.person({ planId: 'pro' })]) {
      await expect(startTrial(b.ctx, person)).rejects.toMatchObject({ reason: 'INVALID_INPUT' });
      expect(await b.summary(person)).toMatchObject({ trial: { available: false, used: false } });
    }
  });
});

describe('the local payment provider', () => {
  it('BILLING-3 never runs in production', async () => {
    const before = process.env.NODE_ENV;
    Object.assign(process.env, { NODE_ENV: 'production' });
    await expect(Bench.open('2026-11-24T12:00:00Z')).rejects.toThrow(/NODE_ENV=production/);
    Object.assign(process.env, { NODE_ENV: before });
  });
});
