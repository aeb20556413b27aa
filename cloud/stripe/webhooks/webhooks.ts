import { createHmac } from 'node:crypto';
import { renderOne } from '../render/objects';
import { newStripeId } from '../store/ids';
import type { DeliveryRecord, EventRecord, WebhookEndpointRecord } from '../store/records';
import type { World } from '../store/world';

/** Gap between the starts of deliveries of one unit of work, so that they arrive in the chosen order. */
const STAGGER_MS = 5;
const DUPLICATE_GAP_MS = 50;

/** Sends signed events to the webhook endpoints, and retries until an endpoint accepts them or the retries run out. */
export class Webhooks {
  private timer: NodeJS.Timeout | undefined;
  private readonly inFlight = new Map<string, AbortController>();
  private random: () => number;
  private closed = false;

  constructor(private readonly world: World) {
    this.random = seeded(world.settings.webhooks.seed);
    this.wake();
  }

  /** Plans the deliveries of the events of one unit of work. */
  plan(eventIds: string[]): void {
    const { world } = this;
    const settings = world.settings.webhooks;
    const events = eventIds.flatMap((id) => world.store.read('events', id) ?? []);
    const ordered = this.order(events);
    world.store.work(() => {
      let start = Date.now() + settings.delayMs;
      for (const event of ordered) {
        for (const endpoint of world.store.all('webhookEndpoints')) {
          if (endpoint.status === 'enabled' && takes(endpoint, event.type))
            this.planOne(event, endpoint, start);
        }
        start += STAGGER_MS;
      }
    });
    this.wake();
  }

  /** Sends an event again to every endpoint subscribed to its type. */
  redeliver(eventId: string): void {
    const event = this.world.need('events', eventId, 'event');
    this.world.store.work(() => {
      for (const endpoint of this.world.store.all('webhookEndpoints')) {
        if (takes(endpoint, event.type)) this.put(event, endpoint, Date.now(), 'pending');
      }
    });
    this.wake();
  }

  /** Sends a thin event, which contains no object, to each endpoint once. Returns the HTTP statuses. */
  async sendThin(type: string): Promise<number[]> {
    const created = new Date(this.world.now() * 1000).toISOString();
    const body = JSON.stringify({
      id: newStripeId('evt'),
      object: 'v2.core.event',
      type,
      livemode: false,
      created,
      reason: null,
    });
    const endpoints = this.world.store.all('webhookEndpoints').filter(({ status }) => status === 'enabled');
    return Promise.all(endpoints.map((endpoint) => this.sendBody(endpoint, body)));
  }

  /** Applies changed settings: restarts the random numbers and the deliveries. */
  reseed(): void {
    this.random = seeded(this.world.settings.webhooks.seed);
    this.wake();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    for (const controller of this.inFlight.values()) controller.abort();
  }

  pendingCount(): number {
    return this.world.store.all('deliveries').filter((delivery) => delivery.status === 'pending').length;
  }

  private planOne(
    event: Readonly<EventRecord>,
    endpoint: Readonly<WebhookEndpointRecord>,
    start: number,
  ): void {
    const { drop, duplicate } = this.world.settings.webhooks;
    const dropped = Array.isArray(drop) ? drop.includes(event.type) : this.random() < drop;
    this.put(event, endpoint, start, dropped ? 'dropped' : 'pending');
    for (let copy = 1; copy <= duplicate && !dropped; copy++) {
      this.put(event, endpoint, start + copy * DUPLICATE_GAP_MS, 'pending');
    }
  }

  private put(
    event: Readonly<EventRecord>,
    endpoint: Readonly<WebhookEndpointRecord>,
    next_at: number,
    status: DeliveryRecord['status'],
  ): void {
    const id = newStripeId('del');
    this.world.store.put('deliveries', {
      id,
      event: event.id,
      endpoint: endpoint.id,
      status,
      attempts: [],
      next_at,
    });
  }

  private order(events: Readonly<EventRecord>[]): Readonly<EventRecord>[] {
    const { order } = this.world.settings.webhooks;
    if (order === 'natural') return events;
    const rank = order === 'unfriendly' ? unfriendlyRank : () => this.random();
    return events
      .map((event) => ({ event, rank: rank(event.type) }))
      .sort((a, b) => a.rank - b.rank)
      .map((entry) => entry.event);
  }

  /** Sends the due deliveries and sets a timer for the next one. */
  private wake(): void {
    clearTimeout(this.timer);
    if (this.closed || this.world.settings.webhooks.paused) return;
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const delivery of this.world.store.all('deliveries')) {
      if (delivery.status !== 'pending' || this.inFlight.has(delivery.id)) continue;
      if (delivery.next_at <= now) void this.send(delivery);
      else next = Math.min(next, delivery.next_at);
    }
    if (next < Number.POSITIVE_INFINITY) {
      this.timer = setTimeout(() => this.wake(), Math.min(next - now, 60_000));
      this.timer.unref();
    }
  }

  private async send(delivery: Readonly<DeliveryRecord>): Promise<void> {
    const endpoint = this.world.store.read('webhookEndpoints', delivery.endpoint);
    // One controller for both reasons: Node 20 garbage-collects a timeout inside AbortSignal.any.
    const controller = new AbortController();
    const late = () => controller.abort(new Error('The endpoint did not answer in time.'));
    const timer = setTimeout(late, this.world.settings.webhooks.timeoutMs);
    this.inFlight.set(delivery.id, controller);
    const at = Date.now();
    let status: number | null = null;
    let error: string | null = null;
    try {
      if (!endpoint) throw new Error('The endpoint was deleted.');
      status = await this.post(endpoint, delivery.event, controller.signal);
    } catch (thrown) {
      error = thrown instanceof Error ? thrown.message : String(thrown);
    }
    clearTimeout(timer);
    this.inFlight.delete(delivery.id);
    if (this.closed || !this.world.store.read('deliveries', delivery.id)) return;
    this.note(delivery.id, { at, status, error });
    this.wake();
  }

  private async post(
    endpoint: Readonly<WebhookEndpointRecord>,
    event: string,
    signal: AbortSignal,
  ): Promise<number> {
    return this.sendBody(endpoint, JSON.stringify(renderOne(this.world, 'events', event), null, 2), signal);
  }

  private async sendBody(
    endpoint: Readonly<WebhookEndpointRecord>,
    body: string,
    signal?: AbortSignal,
  ): Promise<number> {
    const response = await fetch(endpoint.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'stripe-signature': signatureOf(endpoint.secret, body),
        'user-agent': 'Stripe/1.0 (local)',
      },
      body,
      redirect: 'manual',
      signal,
    });
    await response.arrayBuffer();
    return response.status;
  }

  private note(id: string, attempt: DeliveryRecord['attempts'][number]): void {
    const { retryDelaysMs } = this.world.settings.webhooks;
    this.world.store.work(() => {
      const record = this.world.store.edit('deliveries', id);
      record.attempts.push(attempt);
      const taken = attempt.status !== null && attempt.status >= 200 && attempt.status < 300;
      const delay = retryDelaysMs[record.attempts.length - 1];
      if (taken) record.status = 'delivered';
      else if (delay === undefined) record.status = 'failed';
      else record.next_at = Date.now() + delay;
    });
  }
}

/** Returns the signature header of a body. Its time is real, because receivers compare it with their own clock. */
function signatureOf(secret: string, body: string, seconds = Math.floor(Date.now() / 1000)): string {
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}

function takes(endpoint: Readonly<WebhookEndpointRecord>, type: string): boolean {
  return endpoint.enabled_events.includes('*') || endpoint.enabled_events.includes(type);
}

/** Returns the order that receivers expect least: the end of checkout, updates, payments, and creations last. */
function unfriendlyRank(type: string): number {
  if (type === 'checkout.session.completed') return 0;
  if (type.endsWith('.updated')) return 1;
  if (type === 'invoice.paid' || type === 'invoice.payment_succeeded') return 2;
  return type.endsWith('.created') ? 4 : 3;
}

/** Returns a random number generator. The same seed gives the same sequence. */
function seeded(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
