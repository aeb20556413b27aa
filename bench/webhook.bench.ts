import Stripe from 'stripe';
import { receiveEvent } from '@/server/billing/sync/receive-event';
import { BillingWorld, type Person, WEBHOOK_SECRET } from '@/test/billing';
import startTestServices from '@/test/services';
import { sizeOf } from './sizes';
import { figure, measure, printTable } from './table';

/** Signed events received, read back and stored, beside the local Stripe's own answers to the same read. */

const SECONDS = sizeOf('BENCH_SECONDS', 5, 0.5);
const LANES = 8;
const ACCOUNTS = sizeOf('BENCH_ACCOUNTS', 40, 4);

const stopServices = await startTestServices();
const world = await BillingWorld.open('2026-11-24T12:00:00Z');
const people: Person[] = [];
for (let i = 0; i < ACCOUNTS; i++) people.push(await world.subscriber('pro'));
const customers = await Promise.all(people.map((person) => world.customerOf(person)));
const template = (await world.bench.stripe.events.list({ limit: 1, type: 'customer.subscription.created' }))
  .data[0];
let serial = 0;
const sync = (lane: number, count: number) => {
  const customer = customers[(lane + count * LANES) % ACCOUNTS];
  const body = JSON.stringify({
    ...template,
    id: `evt_bench_${++serial}`,
    data: { object: { object: 'subscription', customer } },
  });
  const signature = Stripe.webhooks.generateTestHeaderString({ payload: body, secret: WEBHOOK_SECRET });
  return receiveEvent(world.ctx, body, signature);
};
const read = (lane: number, count: number) =>
  world.bench.stripe.subscriptions.list({
    customer: customers[(lane + count * LANES) % ACCOUNTS],
    status: 'all',
    limit: 100,
    expand: ['data.default_payment_method', 'data.latest_invoice', 'data.schedule'],
  });
for (let i = 0; i < ACCOUNTS; i++) await Promise.all([sync(0, i), read(0, i)]);
const reads = await measure(LANES, SECONDS, read);
const syncs = await measure(LANES, SECONDS, sync);
printTable(`Webhooks: ${ACCOUNTS} paying accounts, ${LANES} at once, ${SECONDS} s each`, [
  {
    what: 'local Stripe answers the read',
    'per second': figure(reads.perSecond, 0),
    'p50 ms': figure(reads.p50),
    'p99 ms': figure(reads.p99),
  },
  {
    what: 'webhook taken, read back, stored',
    'per second': figure(syncs.perSecond, 0),
    'p50 ms': figure(syncs.p50),
    'p99 ms': figure(syncs.p99),
  },
  { what: 'ratio', 'per second': figure(syncs.perSecond / reads.perSecond) },
]);
await world.close();
await stopServices();
