import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeDeletedAccounts } from '@/server/account/remove-deleted';
import type { Catalogue } from '@/server/billing/catalogue/sync-catalogue';
import { newId } from '@/server/ids';
import { BillingWorld } from '@/test/billing';
import { COMMANDS } from './commands';
import type { Flags } from './flags';

let b: BillingWorld;
beforeAll(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
});
afterAll(() => b.close());

const command = async <T>(name: string, flags: Flags = {}, ctx = b.ctx): Promise<T> =>
  (await COMMANDS[name]?.run(ctx, flags))?.result as T;

describe('the operator command', () => {
  it('BILLING-4 creates the catalogue, repairs differences, and changes nothing when repeated', async () => {
    const made = await command<Catalogue>('stripe sync-catalogue');
    expect(made).toMatchObject({
      portal: { id: expect.stringMatching(/^bpc_/) },
      webhook: { url: 'http://localhost:3000/api/stripe/webhook', secret: expect.stringMatching(/^whsec_/) },
    });
    const [pro] = made.plans.filter((plan) => plan.planId === 'pro');
    expect(pro?.prices).toEqual({ usd: 1900, eur: 1900, chf: 1900, gbp: 1600 });
    const id = 'id' in made.webhook ? made.webhook.id : '';
    const { webhookEndpoints } = b.bench.stripe;
    const before = await webhookEndpoints.retrieve(id);
    expect(before.api_version).toBe(Stripe.API_VERSION);
    await webhookEndpoints.update(id, { disabled: true, enabled_events: ['invoice.paid'] });
    const again = await command<Catalogue>('stripe sync-catalogue');
    expect(again).toEqual({ ...made, webhook: { id, url: made.webhook.url } });
    const after = await webhookEndpoints.retrieve(id);
    expect(after.status).toBe('enabled');
    expect(after.enabled_events.toSorted()).toEqual(before.enabled_events.toSorted());
    expect((await webhookEndpoints.list()).data).toHaveLength(1);
  });

  it('BILLING-8 syncs one account or all of them at once and reports what changed, or why it cannot', async () => {
    const person = await b.person();
    const { accountId } = person;
    await b.pay(await b.openPage(person, 'pro'));
    const found = { accountId, outcome: 'applied' };
    expect(await command('stripe sync', { account: accountId })).toEqual([
      { ...found, planBefore: 'free', planAfter: 'pro' },
    ]);
    expect(await command('stripe sync')).toEqual([{ ...found, planBefore: 'pro', planAfter: 'pro' }]);
    const stranger = await b.person();
    expect(await command('stripe sync', { account: stranger.accountId })).toMatchObject([
      { outcome: 'no_customer', planAfter: null },
    ]);
    await expect(command('stripe sync', { account: newId() })).rejects.toMatchObject({ reason: 'NOT_FOUND' });
    for (const name of ['stripe sync', 'stripe sync-catalogue']) {
      const without = command(name, {}, { ...b.ctx, payments: null });
      await expect(without).rejects.toMatchObject({ reason: 'NOT_FOR_SALE' });
    }
  });

  it('BILLING-31 links customers missing from a restored database to their accounts again, and ends those of deleted accounts', async () => {
    const [paying, gone] = [await b.subscriber('pro'), await b.subscriber('pro')];
    const { customers } = b.bench.stripe;
    const lost = await customers.create({
      metadata: { account: newId(), environment: b.ctx.env.ENVIRONMENT_ID },
    });
    await customers.create({ metadata: { account: paying.accountId, environment: 'another' } });
    for (const { accountId } of [paying, gone])
      for (const table of ['subscription', 'checkout', 'billing_customer'])
        await b.ctx.sql`delete from ${b.ctx.sql(table)} where account_id = ${accountId}`;
    await b.ctx.sql`
      update account set deleted_at = hg_clock(), removed_at = hg_clock() where id = ${gone.accountId}`;
    const synced = await command<{ accountId: string; outcome: string; planAfter: string }[]>('stripe sync');
    expect(synced.find(({ accountId }) => accountId === paying.accountId)).toMatchObject({
      planAfter: 'pro',
    });
    expect(synced.filter(({ outcome }) => outcome.includes('_'))).toMatchObject([
      { outcome: `unknown_account ${lost.id}` },
    ]);
    await removeDeletedAccounts(b.ctx);
    const left = (await customers.list({ limit: 100 })).data.map(({ metadata }) => metadata.account);
    expect(left).not.toContain(gone.accountId);
    expect(left).toContain(paying.accountId);
  });
});
