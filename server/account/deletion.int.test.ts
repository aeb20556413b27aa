import Stripe from 'stripe';
import { afterEach, describe, expect, it } from 'vitest';
import { BillingWorld, WEBHOOK_SECRET } from '@/test/billing';
import { Stage } from '@/test/simulation/stage';
import { startTrial } from '../billing/start-trial';
import { receiveEvent } from '../billing/sync/receive-event';
import { newId } from '../ids';
import { removeDeletedVolumes } from '../inventory/remove-volumes';
import type { Machines } from '../machine/machines';
import { findDrift } from '../quota/find-drift';
import { createApiKey } from './create-api-key';
import { deleteAccount } from './delete-account';
import { removeDeletedAccounts } from './remove-deleted';
import { setPlan } from './set-plan';
import { setStatus } from './set-status';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const byAdmin = (accountId: string) => ({ actor: 'user:admin', accountId, reason: 'asked for' });

describe('deleting an account', () => {
  it('ACCOUNT-11 ends its running sessions, removes their files and its app until the provider confirms, and keeps the ledger', async () => {
    const stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z') });
    closers.push(() => stage.world.close());
    const { sql } = stage.ctx;
    stage.kind = 'stubborn';
    const accountId = await stage.account({ planId: 'pro' });
    const userId = newId();
    await sql`insert into auth_user (id, name, email, email_verified) values (${userId}, 'Ada', 'ada@hourglass.test', true)`;
    await sql`insert into member (account_id, user_id, role) values (${accountId}, ${userId}, 'owner')`;
    await createApiKey(stage.ctx, { accountId, userId, isAdmin: false, name: 'k', scopes: ['session:read'] });
    const { runId } = await stage.started(accountId);
    await stage.pass(5_000);
    await stage.call(runId, 0, 'running');
    await stage.pass(60_000);

    expect(await deleteAccount(stage.ctx, byAdmin(accountId))).toEqual({ deleted: true });
    expect(await sql`select 1 from auth_user where id = ${userId}`).toHaveLength(0);
    expect(await sql`select 1 from api_key where account_id = ${accountId}`).toHaveLength(0);
    let refusals = 2;
    const deleted: string[] = [];
    const machines: Machines = Object.assign(Object.create(stage.provider), {
      deleteApp: async (app: string) => {
        if (refusals-- > 0) return { ok: false, failure: { kind: 'unavailable', message: '503' } };
        deleted.push(app);
        return { ok: true, value: undefined };
      },
    });
    const ctx = { ...stage.ctx, machines };
    // Nothing is removed while a machine is running.
    expect(await removeDeletedAccounts(ctx)).toBe(0);
    expect(refusals).toBe(2);
    await stage.pass(30_000, 1_000);
    expect(await stage.run(runId)).toMatchObject({ status: 'stopped', end_reason: 'deleted', overrun_ms: 0 });
    await expect(stage.call(runId, 1, 'renew')).rejects.toMatchObject({ reason: 'UNAUTHORIZED' });
    // Machines first, then volumes, then the app: its removal is not requested earlier, and less and less often while
    // the provider refuses.
    expect(await removeDeletedAccounts(ctx)).toBe(0);
    expect(refusals).toBe(2);
    expect(await removeDeletedVolumes(ctx)).toBe(1);
    for (const done of [0, 0, 1, 0]) {
      await stage.pass(31_000);
      expect(await removeDeletedAccounts(ctx)).toBe(done);
    }
    expect(deleted).toEqual([`hg-dev-${accountId}`]);
    const [ledger] = await sql`select sum(ms) as ms from usage_entry where account_id = ${accountId}`;
    expect(Number(ledger?.ms)).toBeGreaterThan(59_000);
    expect(await findDrift(sql)).toEqual([]);
    const again = [
      () => deleteAccount(stage.ctx, byAdmin(accountId)),
      () => setStatus(stage.ctx, { ...byAdmin(accountId), status: 'active' }),
      () => setPlan(stage.ctx, { ...byAdmin(accountId), planId: 'max' }),
    ];
    for (const call of again) await expect(call()).rejects.toMatchObject({ reason: 'NOT_FOUND' });
  });

  it('ACCOUNT-11 cancels a live subscription although the payment provider was away, and late webhooks change nothing', async () => {
    const b = await BillingWorld.open('2026-11-24T12:00:00Z');
    closers.push(() => b.close());
    const machines = { deleteApp: async () => ({ ok: true, value: undefined }) } as unknown as Machines;
    const ctx = { ...b.ctx, machines };
    const person = await b.person({ email: 'grace@hourglass.test' });
    await startTrial(b.ctx, person);
    await b.pay(await b.openPage(person, 'pro'));
    await b.sync(person);
    const customer = await b.customerOf(person);
    await deleteAccount(ctx, byAdmin(person.accountId));
    await b.bench.control('faults', { kind: 'status', path: '/v1', status: 500, times: 20 });
    expect(await removeDeletedAccounts(ctx)).toBe(0);
    await b.bench.control('faults', undefined, 'DELETE');
    await b.moveTo('2026-11-24T12:01:00Z');
    expect(await removeDeletedAccounts(ctx)).toBe(1);
    const events = (await b.bench.stripe.events.list({ limit: 100 })).data;
    const ended = events.filter((event) => event.type === 'customer.subscription.deleted');
    expect(ended).toHaveLength(1);
    for (const event of events.filter((one) => JSON.stringify(one).includes(customer))) {
      const body = JSON.stringify(event);
      const signature = Stripe.webhooks.generateTestHeaderString({ payload: body, secret: WEBHOOK_SECRET });
      expect(await receiveEvent(ctx, body, signature)).toMatchObject({ status: 200 });
    }
    expect(await b.planOf(person)).toBe('free');
    expect(await b.ctx.sql`select 1 from subscription where account_id = ${person.accountId}`).toHaveLength(
      0,
    );
    // The same person in a new account has already had the trial.
    const back = await b.person({ email: 'Grace@hourglass.test' });
    await expect(startTrial(b.ctx, back)).rejects.toMatchObject({ reason: 'TRIAL_USED' });
  });
});
