import Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BillingWorld, GOOD, type Person, WEBHOOK_SECRET } from '@/test/billing';
import { chanceOf } from '@/test/simulation/events';
import { openWebDoor, type WebDoor } from '@/test/web-doors';
import type { Machines } from '../../machine/machines';
import { metrics } from '../../metrics';
import { readAccount } from '../../quota/load-account';
import { answerAgent } from '../../run/answer-agent';
import { createSession } from '../../session/create';
import { startSession } from '../../session/start';
import { cancelSubscription } from '../cancel';
import { EVENT_TYPES } from '../catalogue/event-types';
import { changePlan } from '../change-plan';
import { receiveEvent } from './receive-event';
import { reconcileEvents } from './reconcile-events';
import { sweepAccounts } from './sweep-accounts';
import { syncAccount } from './sync-account';

let b: BillingWorld;
beforeEach(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
});
afterEach(() => b.close());

const sign = (payload: string, options: { secret?: string; timestamp?: number } = {}) =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret: options.secret ?? WEBHOOK_SECRET, ...options });
const deliver = (body: string) => receiveEvent(b.ctx, body, sign(body));

async function eventsOf(person: Person): Promise<string[]> {
  const customer = await b.customerOf(person);
  const all = await b.bench.stripe.events.list({ limit: 100 });
  return all.data
    .filter((event) => {
      const object = event.data.object as { id?: string; customer?: string };
      const isSent = (EVENT_TYPES as readonly string[]).includes(event.type);
      return isSent && (object.customer === customer || object.id === customer);
    })
    .map((event) => JSON.stringify(event));
}

/** Returns what the provider has, in the form of our row. */
async function truthOf(person: Person) {
  const living = (await b.subscriptionsOf(person)).find((one) => one.status !== 'canceled');
  return { id: living?.id, status: living?.status, price: living?.items.data[0]?.price.id };
}

async function storedOf({ accountId }: Person) {
  const [row] = await b.ctx.sql<{ id: string; status: string; price: string }[]>`
    select stripe_subscription_id as id, status, price_id as price from subscription where account_id = ${accountId}`;
  return row && { ...row };
}

describe('events', () => {
  it('BILLING-8 a hundred orders of a subscription’s events, each one to five times and in parallel, end in the same state', {
    timeout: 300_000,
  }, async () => {
    const person = await b.subscriber('starter');
    await changePlan(b.ctx, { ...person, planId: 'max' });
    await cancelSubscription(b.ctx, person);
    await b.moveTo('2026-12-01T00:00:01Z');
    await b.pay(await b.openPage(person, 'pro'));
    const events = await eventsOf(person);
    expect(events.length).toBeGreaterThan(10);
    const truth = await truthOf(person);
    // Two web processes share only the database.
    const webs = await Promise.all([openWebDoor(b.world), openWebDoor(b.world)]);
    for (let seed = 1; seed <= 100; seed++) {
      const chance = chanceOf(seed);
      await b.ctx.sql`delete from stripe_event`;
      await b.ctx.sql`delete from subscription where account_id = ${person.accountId}`;
      const copies = events.flatMap((event) => Array.from({ length: chance.between(1, 5) }, () => event));
      const order = copies.map((event) => ({ event, at: chance.next() })).sort((x, y) => x.at - y.at);
      const lanes = [0, 1, 2, 3].map((lane) => order.filter((_, index) => index % 4 === lane));
      const answers = await Promise.all(
        lanes.map(async (lane, index) => {
          const statuses: number[] = [];
          const web = webs[index % 2] as WebDoor;
          for (const { event } of lane) statuses.push(await web.deliver(event, sign(event)));
          return statuses;
        }),
      );
      expect(new Set(answers.flat()), `seed ${seed}`).toEqual(new Set([200]));
      expect(await storedOf(person), `seed ${seed}`).toEqual(truth);
      const [open] = await b.ctx.sql`select count(*) as n from stripe_event where processed_at is null`;
      expect(Number(open?.n), `seed ${seed}`).toBe(0);
    }
    await Promise.all(webs.map((web) => web.close()));
    expect(await b.planOf(person)).toBe('pro');
  });

  it('BILLING-8 a slow old read never overwrites a newer one', async () => {
    const person = await b.subscriber('pro');
    const answered = holdAnswer();
    const slow = syncAccount({ ...b.ctx, payments: answered.payments }, person);
    await answered.read;
    await changePlan(b.ctx, { ...person, planId: 'max' });
    answered.release();
    expect(await slow).toEqual({ kind: 'superseded' });
    expect(await b.planOf(person)).toBe('max');
  });

  it('BILLING-8 a web process killed in the middle of a read leaves the event to the next one', async () => {
    const person = await b.person();
    await b.pay(await b.openPage(person, 'pro'));
    const [event = ''] = await eventsOf(person);
    const webs = await Promise.all([openWebDoor(b.world), openWebDoor(b.world)]);
    await b.bench.control('faults', {
      kind: 'latency',
      path: '/v1/subscriptions',
      latencyMs: 5_000,
      times: 1,
    });
    const lost = webs[0]?.deliver(event, sign(event)).catch(() => 'no answer');
    await expect.poll(() => b.ctx.sql`select 1 from stripe_event where attempts = 1`).toHaveLength(1);
    await webs[0]?.close();
    expect(await lost).toBe('no answer');
    expect(await b.planOf(person)).toBe('free');
    expect(await webs[1]?.deliver(event, sign(event))).toBe(200);
    expect(await b.planOf(person)).toBe('pro');
    await webs[1]?.close();
  });

  it('BILLING-8 while the provider hangs in the middle of a read, that very account starts and renews as always', async () => {
    const person = await b.subscriber('pro');
    const answered = holdAnswer();
    const ctx = { ...b.ctx, payments: answered.payments, machines: anyMachines };
    const slow = syncAccount(ctx, person);
    await answered.read;
    const began = performance.now();
    const { id: sessionId } = await createSession(ctx, { ...person, name: 'meanwhile' });
    expect(await startSession(ctx, { ...person, sessionId })).toMatchObject({ status: 'starting' });
    const [run] = await ctx.sql<{ id: string }[]>`select id from run where session_id = ${sessionId}`;
    const call = (seq: number, event: 'running' | 'renew') =>
      answerAgent(ctx, run?.id ?? '', { bootId: 'boot', seq, event });
    expect(await call(0, 'running')).toMatchObject({ action: 'run', leaseMs: 900_000 });
    await b.world.advance(600_000);
    expect(await call(1, 'renew')).toMatchObject({ action: 'run', leaseMs: 900_000 });
    // The read waits five times as long as this may take on a slow machine.
    expect(performance.now() - began).toBeLessThan(5_000);
    const [waiting] = await b.ctx.sql<{ n: number }[]>`
      select count(*) as n from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`;
    expect(waiting?.n).toBe(0);
    await b.ctx.sql.begin(async (tx) => {
      await tx`set local lock_timeout = 200`;
      await tx`select id from account where id = ${person.accountId} for no key update nowait`;
    });
    expect((await readAccount(b.ctx.sql, person.accountId)).plan.id).toBe('pro');
    answered.release();
    expect(await slow).toMatchObject({ kind: 'applied' });
  });

  it('BILLING-8 a failed read is sent again by the provider and is then processed', async () => {
    const person = await b.subscriber('pro');
    const [event] = await eventsOf(person);
    await b.ctx.sql`delete from stripe_event`;
    await b.bench.control('faults', { kind: 'status', path: '/v1/subscriptions', status: 500, times: 10 });
    await expect(deliver(event ?? '')).rejects.toMatchObject({ reason: 'BILLING_UNAVAILABLE' });
    await b.bench.control('faults', undefined, 'DELETE');
    expect(await deliver(event ?? '')).toMatchObject({ status: 200 });
    const [row] = await b.ctx.sql`select attempts, error, processed_at is not null as done from stripe_event`;
    expect(row).toMatchObject({ attempts: 2, error: null, done: true });
  });

  it('BILLING-7 what no webhook told is found by the events the provider could not deliver, and by the nightly sweep', async () => {
    const [one, two] = [await b.person(), await b.person()];
    await b.bench.stripe.webhookEndpoints.create({ url: 'http://127.0.0.1:9/nobody', enabled_events: ['*'] });
    await b.pay(await b.openPage(one, 'pro'));
    expect(await b.planOf(one)).toBe('free');
    await b.bench.control('idle?timeoutMs=2000').catch(() => {});
    expect(await reconcileEvents(b.ctx)).toBeGreaterThan(0);
    expect(await b.planOf(one)).toBe('pro');
    // The first pass also processes the events of its own change, the card; then nothing is left.
    expect(await reconcileEvents(b.ctx)).toBeGreaterThan(0);
    expect(await reconcileEvents(b.ctx)).toBe(0);
    await b.pay(await b.openPage(two, 'max'));
    expect(await b.planOf(two)).toBe('free');
    await b.moveTo('2026-11-24T12:10:00Z');
    expect(await sweepAccounts(b.ctx)).toEqual({ read: 2, failed: 0 });
    expect(await b.planOf(two)).toBe('max');
  });

  it('BILLING-7 the nightly sweep reads past a customer the provider does not know, and ends', async () => {
    const [known, unknown] = [await b.subscriber('pro'), await b.person()];
    await b.ctx.sql`
      insert into billing_customer (account_id, stripe_customer_id) values (${unknown.accountId}, 'cus_of_another_key')`;
    await b.moveTo('2026-11-24T12:20:00Z');
    expect(await sweepAccounts(b.ctx)).toEqual({ read: 2, failed: 0 });
    expect(await b.planOf(known)).toBe('pro');
  });

  it('BILLING-8 an event of a customer that is not ours is answered and done with', async () => {
    await b.bench.stripe.customers.create({ metadata: { account: (await b.person()).accountId } });
    const [event] = (await b.bench.stripe.events.list({ limit: 1, type: 'customer.created' })).data;
    expect(await deliver(JSON.stringify(event))).toMatchObject({ status: 200 });
    const [rows] = await b.ctx.sql`select count(*) as n from subscription`;
    expect(Number(rows?.n)).toBe(0);
  });
});

describe('signatures', () => {
  it('BILLING-16 only a body the provider signed within 300 s is believed', async () => {
    const body = JSON.stringify((await b.bench.stripe.events.list({ limit: 1 })).data[0]);
    const now = Math.floor(Date.now() / 1000);
    const tries: [string, string | null][] = [
      [body, null],
      [body, ''],
      [body, 't=1,v1=00'],
      [body, sign(body, { secret: 'whsec_wrong' })],
      [body, sign(body, { timestamp: now - 301 })],
      [`${body} `, sign(body)],
      [body.replace('evt_', 'evt-'), sign(body)],
    ];
    for (const [text, signature] of tries) {
      expect(await receiveEvent(b.ctx, text, signature), String(signature)).toMatchObject({ status: 400 });
    }
    expect(await b.ctx.sql`select 1 from stripe_event`).toHaveLength(0);
    expect(await receiveEvent(b.ctx, body, sign(body, { timestamp: now - 290 }))).toMatchObject({
      status: 200,
    });
  });

  it('BILLING-16 during a rotation both secrets are good, and events of the other mode are refused', async () => {
    const body = JSON.stringify((await b.bench.stripe.events.list({ limit: 1 })).data[0]);
    const env = { ...b.ctx.env, STRIPE_WEBHOOK_SECRET: 'whsec_new, whsec_old' };
    for (const secret of ['whsec_new', 'whsec_old']) {
      const answer = await receiveEvent({ ...b.ctx, env }, body, sign(body, { secret }));
      expect(answer, secret).toMatchObject({ status: 200 });
    }
    expect(await receiveEvent({ ...b.ctx, env }, body, sign(body))).toMatchObject({ status: 400 });
    const live = { ...JSON.parse(body), livemode: true };
    expect(await deliver(JSON.stringify(live))).toMatchObject({ status: 400 });
    expect(await receiveEvent({ ...b.ctx, payments: null }, body, sign(body))).toMatchObject({ status: 400 });
  });
});

describe('what nobody expected', () => {
  it('BILLING-17 an unknown price keeps the plan that was known, and grants none where none was', async () => {
    const [known, stranger] = [await b.subscriber('pro'), await b.person()];
    const product = await b.bench.stripe.products.create({ name: 'Unknown' });
    const price = await b.bench.stripe.prices.create({
      product: product.id,
      currency: 'usd',
      unit_amount: 5,
      recurring: { interval: 'month' },
    });
    const [mine] = await b.subscriptionsOf(known);
    await b.bench.stripe.subscriptions.update(mine?.id ?? '', {
      items: [{ id: mine?.items.data[0]?.id ?? '', price: price.id }],
    });
    await b.openPage(stranger, 'pro');
    const customer = await b.customerOf(stranger);
    await b.bench.control(`customers/${customer}/card`, { card: GOOD });
    await b.bench.stripe.subscriptions.create({ customer, items: [{ price: price.id }] });
    metrics.billingAlarms.reset();
    for (const person of [known, stranger]) await b.sync(person);
    expect(await b.planOf(known)).toBe('pro');
    expect(await b.planOf(stranger)).toBe('free');
    expect((await metrics.billingAlarms.get()).values).toMatchObject([
      { labels: { kind: 'unknown_price' }, value: 2 },
    ]);
  });

  it('BILLING-14 a gift and a payment never cancel each other out', async () => {
    const person = await b.subscriber('pro');
    await b.ctx.sql`update account set own_plan_id = 'max' where id = ${person.accountId}`;
    await b.sync(person);
    expect(await b.planOf(person)).toBe('max');
    await cancelSubscription(b.ctx, person);
    await b.moveTo('2026-12-01T00:00:01Z');
    await b.sync(person);
    expect(await b.planOf(person)).toBe('max');
  });
});

/** A provider of machines that makes any machine and reports nothing more. */
const anyMachines = {
  launch: async () => ({ ok: true, value: { machineId: 'm', region: 'iad', volumeId: 'v' } }),
  get: async () => ({ ok: false, failure: { kind: 'unavailable', message: 'not asked here' } }),
} as unknown as Machines;

/** A provider whose next answer about an account's subscriptions is read now and arrives when released. */
function holdAnswer() {
  const { payments } = b.ctx;
  if (!payments) throw new Error('This world has no provider.');
  let release = () => {};
  let wasRead = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const read = new Promise<void>((resolve) => {
    wasRead = resolve;
  });
  const ask: typeof payments.ask = async (question) => {
    const answer = await payments.ask(question);
    wasRead();
    await held;
    return answer;
  };
  return { payments: { ...payments, ask }, read, release };
}
