import { cancelNow } from '../invoices/subscription-cancel';
import { renderWebhookEndpoint } from '../render/notice';
import { renderOne } from '../render/objects';
import type { Json } from '../schema/fill';
import { loadShapes } from '../schema/load';
import { assign, mergeMetadata } from '../store/assign';
import { type Failure, missing, refuse } from '../store/failure';
import { newStripeId, randomLetters } from '../store/ids';
import type { EventRecord } from '../store/records';
import type { World } from '../store/world';
import { type Call, listRoute, matches, retrieveRoute, route } from '../wire/route';
import { advanceTestClock } from './clock';

function createEndpoint({ world, params }: Call): Json {
  const endpoint = world.store.put('webhookEndpoints', {
    id: newStripeId('we'),
    url: readUrl(params.url),
    secret: `whsec_${randomLetters(32)}`,
    enabled_events: params.enabled_events as string[],
    api_version: (params.api_version as string) ?? loadShapes().apiVersion,
    description: (params.description as string) || null,
    status: 'enabled',
    metadata: mergeMetadata({}, params.metadata),
    created: world.now(),
  });
  return renderWebhookEndpoint(endpoint, true);
}

function readUrl(url: unknown): string {
  if (typeof url === 'string' && /^https?:\/\/[^/]/.test(url)) return url;
  throw refuse('Invalid URL: an explicit scheme (such as https) must be provided.', 'url', 'url_invalid');
}

function updateEndpoint({ world, params, id }: Call): Json {
  world.need('webhookEndpoints', id, 'webhook endpoint');
  const endpoint = world.store.edit('webhookEndpoints', id);
  assign(endpoint, params, ['description', 'enabled_events']);
  if (params.url !== undefined) endpoint.url = readUrl(params.url);
  if (params.disabled !== undefined) endpoint.status = params.disabled ? 'disabled' : 'enabled';
  endpoint.metadata = mergeMetadata(endpoint.metadata, params.metadata);
  return renderOne(world, 'webhookEndpoints', id);
}

function removeEndpoint({ world, id }: Call): Json {
  world.need('webhookEndpoints', id, 'webhook endpoint');
  world.store.remove('webhookEndpoints', id);
  return { id, object: 'webhook_endpoint', deleted: true };
}

export const webhookEndpointRoutes = [
  route('POST', '/v1/webhook_endpoints', 'WebhookEndpointCreateParams', createEndpoint),
  listRoute('/v1/webhook_endpoints', 'WebhookEndpointListParams', 'webhookEndpoints', () => true),
  retrieveRoute('/v1/webhook_endpoints/:id', 'webhookEndpoints'),
  route('POST', '/v1/webhook_endpoints/:id', 'WebhookEndpointUpdateParams', updateEndpoint),
  route('DELETE', '/v1/webhook_endpoints/:id', null, removeEndpoint),
];

function isListed(event: Readonly<EventRecord>, params: Json, world: World): boolean {
  const types = params.types as string[] | undefined;
  const wanted = String(params.type ?? '');
  const fits = wanted.endsWith('.*')
    ? event.type.startsWith(wanted.slice(0, -1))
    : matches(params.type, event.type);
  if (!fits || (types && !types.includes(event.type))) return false;
  if (params.delivery_success === undefined) return true;
  const deliveries = world.store.all('deliveries').filter((delivery) => delivery.event === event.id);
  const success = deliveries.length > 0 && deliveries.every((delivery) => delivery.status === 'delivered');
  return success === params.delivery_success;
}

/** Highest number of types that a list of events accepts. */
const MOST_TYPES = 20;
const list = listRoute('/v1/events', 'EventListParams', 'events', isListed);

function listEvents(call: Call): Json | Failure {
  const types = (call.params.types ?? []) as string[];
  if (types.length > MOST_TYPES)
    throw refuse(`types takes up to ${MOST_TYPES} types, not ${types.length}.`, 'types');
  return list.run(call);
}

export const eventRoutes = [{ ...list, run: listEvents }, retrieveRoute('/v1/events/:id', 'events')];

function createClock({ world, params }: Call): Json {
  const clock = world.store.put('testClocks', {
    id: newStripeId('clock'),
    name: (params.name as string) || null,
    frozen_time: params.frozen_time as number,
    created: world.now(),
  });
  return renderOne(world, 'testClocks', clock.id);
}

/** Advances a test clock. Everything due on the way runs before the response, so the clock is ready at once. */
function advance({ world, params, id }: Call): Json {
  const clock = world.need('testClocks', id, 'test clock');
  const to = params.frozen_time as number;
  if (to <= clock.frozen_time)
    throw refuse('frozen_time must lie after the present time of the clock.', 'frozen_time');
  advanceTestClock(world, id, to);
  return renderOne(world, 'testClocks', id);
}

/** Deletes a test clock with its customers, and cancels their subscriptions. */
function removeClock({ world, id }: Call): Json {
  if (!world.store.read('testClocks', id)) throw missing('test clock', id);
  for (const customer of world.store.all('customers')) {
    if (customer.test_clock !== id || customer.deleted) continue;
    for (const subscription of world.store.all('subscriptions')) {
      if (subscription.customer === customer.id && subscription.ended_at === null) {
        cancelNow(world, subscription.id, null);
      }
    }
    world.store.edit('customers', customer.id).deleted = true;
  }
  world.store.remove('testClocks', id);
  return { id, object: 'test_helpers.test_clock', deleted: true };
}

export const testClockRoutes = [
  route('POST', '/v1/test_helpers/test_clocks', 'TestHelpers.TestClockCreateParams', createClock),
  listRoute('/v1/test_helpers/test_clocks', 'TestHelpers.TestClockListParams', 'testClocks', () => true),
  retrieveRoute('/v1/test_helpers/test_clocks/:id', 'testClocks'),
  route('POST', '/v1/test_helpers/test_clocks/:id/advance', 'TestHelpers.TestClockAdvanceParams', advance),
  route('DELETE', '/v1/test_helpers/test_clocks/:id', null, removeClock),
];
