import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from '../../http';
import { failChallenge, payCheckout } from '../checkout/checkout-pay';
import { needCustomer } from '../customers/customers';
import { attachCard } from '../customers/payment-methods';
import { payInvoice } from '../invoices/payments';
import { renderById, renderOne } from '../render/objects';
import type { Json } from '../schema/fill';
import type { Desk } from '../server';
import type { CardInput } from '../store/billing-records';
import { TEST_CARDS } from '../store/cards';
import { Failure, refuse } from '../store/failure';
import type { Records, WebhookSettings } from '../store/records';
import { change } from '../webhooks/events';
import { advanceClock } from './clock';
import type { Fault } from './faults';
import type { Handler } from './handler';
import { TROUBLES } from './payment-troubles';

/** Controls of the local Stripe. Real Stripe has no such paths. */
const CONTROLS: [method: string, path: RegExp, run: Handler][] = [
  ['GET', /^state$/, dumpState],
  ['POST', /^reset$/, reset],
  [
    'GET',
    /^clock$/,
    ({ world }) => ({ now: world.now(), offsetSeconds: world.settings.clock_offset_ms / 1000 }),
  ],
  ['POST', /^clock$/, moveClock],
  ['GET', /^webhooks$/, ({ world }) => world.settings.webhooks],
  ['POST', /^webhooks$/, setWebhooks],
  ['GET', /^deliveries$/, ({ world }, _, __, query) => listDeliveries(world.store.all('deliveries'), query)],
  ['POST', /^redeliver\/([^/]+)$/, redeliver],
  ['GET', /^idle$/, waitIdle],
  ['GET', /^faults$/, ({ faults }) => faults.all()],
  ['POST', /^faults$/, addFault],
  ['DELETE', /^faults$/, clearFaults],
  ['POST', /^dunning$/, setDunning],
  [
    'GET',
    /^requests$/,
    ({ requests }, _, __, query) => requests.filter((r) => r.seq > Number(query.get('since') ?? 0)),
  ],
  ['GET', /^cards$/, () => TEST_CARDS],
  ['POST', /^checkout\/([^/]+)\/complete$/, completeCheckout],
  ['POST', /^customers\/([^/]+)\/card$/, replaceCard],
  ['POST', /^invoices\/([^/]+)\/pay$/, payOneInvoice],
  ...TROUBLES,
  ['GET', /^object\/([^/]+)$/, ({ world }, _, id) => renderById(world, id) ?? refuseUnknown(id)],
];

/** Answers `/_control/…` with JSON. A call that fails gets the refusal's status, or 400, with a sentence. */
export async function handleControl(
  desk: Desk,
  req: IncomingMessage,
  res: ServerResponse,
  url: URL,
  body: string,
): Promise<void> {
  const path = url.pathname.slice('/_control/'.length);
  for (const [method, pattern, run] of CONTROLS) {
    const match = req.method === method ? pattern.exec(path) : null;
    if (!match) continue;
    try {
      const input = body ? (JSON.parse(body) as Json) : {};
      return sendJson(res, 200, await run(desk, input, match[1] ?? '', url.searchParams));
    } catch (error) {
      const status = error instanceof Failure ? error.status : 400;
      return sendJson(res, status, { error: (error as Error).message });
    }
  }
  sendJson(res, 404, { error: `No control ${req.method} ${url.pathname}.` });
}

function redeliver({ webhooks }: Desk, _input: Json, id: string): Json {
  webhooks.redeliver(id);
  return { redelivered: id };
}

function addFault({ faults }: Desk, input: Json): readonly Fault[] {
  faults.add(input as unknown as Fault);
  return faults.all();
}

function clearFaults({ faults }: Desk): readonly Fault[] {
  faults.clear();
  return faults.all();
}

function refuseUnknown(id: string): never {
  throw refuse(`Nothing here has the id ${id}.`);
}

const DUMPED: (keyof Records)[] = [
  'customers',
  'products',
  'prices',
  'paymentMethods',
  'checkoutSessions',
  'subscriptions',
  'schedules',
  'invoices',
  'paymentIntents',
  'charges',
  'refunds',
  'disputes',
  'fraudWarnings',
  'portalConfigurations',
  'portalSessions',
  'webhookEndpoints',
  'testClocks',
  'settings',
];

function dumpState({ world }: Desk): Json {
  return Object.fromEntries(DUMPED.map((name) => [name, world.store.all(name)]));
}

function reset({ world, faults, requests, webhooks, restoreWebhook }: Desk): Json {
  world.store.reset();
  world.ensureSettings();
  restoreWebhook();
  faults.clear();
  requests.length = 0;
  webhooks.reseed();
  return { reset: true };
}

/** Moves the shared clock by `advanceSeconds`, or to `to`, given in unix seconds or as an ISO instant. Throws without either. */
function moveClock({ world }: Desk, input: Json): Json {
  const { advanceSeconds, to } = input;
  const target =
    typeof advanceSeconds === 'number'
      ? world.now() + advanceSeconds
      : typeof to === 'string'
        ? Math.floor(new Date(to).getTime() / 1000)
        : Number(to);
  if (!Number.isFinite(target))
    throw new Error('Send advanceSeconds, or to as unix seconds or an ISO instant.');
  advanceClock(world, target);
  return { now: world.now() };
}

function setWebhooks({ world, webhooks }: Desk, input: Json): WebhookSettings {
  const known = Object.keys(world.settings.webhooks);
  const unknown = Object.keys(input).find((name) => !known.includes(name));
  if (unknown) throw new Error(`Unknown setting ${unknown}; there are ${known.join(', ')}.`);
  world.store.work(() => Object.assign(world.store.edit('settings', 'settings').webhooks, input));
  webhooks.reseed();
  return world.settings.webhooks;
}

function listDeliveries(all: Readonly<Records['deliveries']>[], query: URLSearchParams) {
  const event = query.get('event');
  return event ? all.filter((delivery) => delivery.event === event) : all;
}

/** Waits until no delivery is pending, at most `timeoutMs` milliseconds (default 5000). */
async function waitIdle(
  { webhooks }: Desk,
  _input: Json,
  _id: string,
  query: URLSearchParams,
): Promise<Json> {
  const until = Date.now() + Number(query.get('timeoutMs') ?? 5000);
  while (webhooks.pendingCount() > 0 && Date.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 10));
  return { idle: webhooks.pendingCount() === 0, pending: webhooks.pendingCount() };
}

function setDunning({ world }: Desk, input: Json): Json {
  const { retryDays, finalAction } = input;
  if (finalAction !== undefined && !['canceled', 'unpaid', 'past_due'].includes(String(finalAction))) {
    throw new Error('finalAction must be canceled, unpaid or past_due.');
  }
  world.store.work(() => {
    const settings = world.store.edit('settings', 'settings');
    if (Array.isArray(retryDays)) settings.retry_days = retryDays.map(Number);
    if (finalAction) settings.final_action = finalAction as 'canceled';
  });
  return { retryDays: world.settings.retry_days, finalAction: world.settings.final_action };
}

function cardOf(desk: Desk, input: Json): CardInput {
  const year = new Date(desk.world.now() * 1000).getUTCFullYear() + 4;
  const [month, short] = String(input.expires ?? `12/${year % 100}`)
    .split('/')
    .map(Number);
  return {
    number: String(input.card ?? '4242424242424242').replace(/\s/g, ''),
    exp_month: month ?? 12,
    exp_year: 2000 + (short ?? 0),
    name: (input.name as string) ?? 'Test Payer',
    email: (input.email as string) ?? null,
  };
}

/** Pays a session like a customer. `challenge: 'fail'` fails the bank's challenge; by default the challenge is confirmed. */
function completeCheckout(desk: Desk, input: Json, id: string): Json {
  const { world } = desk;
  return world.work(() => {
    const card = cardOf(desk, input);
    let paid = payCheckout(world, id, card);
    if (paid.state === 'challenge') {
      paid = input.challenge === 'fail' ? failChallenge(world, id) : payCheckout(world, id, card, true);
    }
    return { ...paid, session: renderOne(world, 'checkoutSessions', id) };
  });
}

/** Makes a card the default of the customer and of all the customer's subscriptions, without a charge. */
function replaceCard(desk: Desk, input: Json, id: string): Json {
  const { world } = desk;
  return world.work(() => {
    needCustomer(world, id);
    const card = cardOf(desk, input);
    if (!TEST_CARDS[card.number]) throw refuse(`${card.number} is not a test card.`);
    const method = attachCard(world, id, card);
    change(world, 'customers', id, 'customer.updated', (record) => {
      record.default_payment_method = method;
    });
    for (const subscription of world.store.all('subscriptions')) {
      if (subscription.customer !== id || subscription.ended_at !== null) continue;
      change(world, 'subscriptions', subscription.id, 'customer.subscription.updated', (record) => {
        record.default_payment_method = method;
      });
    }
    return renderOne(world, 'paymentMethods', method);
  });
}

/** Pays an open invoice like a customer on the invoice's page, with `card` or the customer's default payment method. */
function payOneInvoice(desk: Desk, input: Json, id: string): Json {
  const { world } = desk;
  return world.work(() => {
    const invoice = world.need('invoices', id, 'invoice');
    if (!['open', 'uncollectible'].includes(invoice.status))
      throw refuse(`The invoice is ${invoice.status}.`);
    const method = input.card ? attachCard(world, invoice.customer, cardOf(desk, input)) : undefined;
    const outcome = payInvoice(world, id, { method, manual: true, confirmed: input.challenge !== 'fail' });
    return { paid: outcome.paid, invoice: renderOne(world, 'invoices', id) };
  });
}
