import { fill, type Json } from '../schema/fill';
import { loadShapes } from '../schema/load';
import type { EventRecord, TestClockRecord, WebhookEndpointRecord } from '../store/records';
import type { World } from '../store/world';

const DAY_SECONDS = 86_400;

export function renderEvent(world: World, event: Readonly<EventRecord>): Json {
  const { object, previous_attributes, ...rest } = event;
  const waiting = world.store
    .all('deliveries')
    .filter((d) => d.event === event.id && d.status !== 'delivered');
  return fill('event', {
    ...rest,
    api_version: loadShapes().apiVersion,
    data: { object, ...(previous_attributes ? { previous_attributes } : {}) },
    pending_webhooks: new Set(waiting.map((delivery) => delivery.endpoint)).size,
  });
}

/** Renders a webhook endpoint. The secret is shown once, when the endpoint is created. */
export function renderWebhookEndpoint(endpoint: Readonly<WebhookEndpointRecord>, withSecret = false): Json {
  const { secret, ...rest } = endpoint;
  return fill('webhook_endpoint', { ...rest, ...(withSecret ? { secret } : {}) });
}

export function renderTestClock(clock: Readonly<TestClockRecord>): Json {
  return fill('test_helpers.test_clock', {
    ...clock,
    deletes_after: clock.created + 30 * DAY_SECONDS,
    status: 'ready',
    status_details: {},
  });
}
