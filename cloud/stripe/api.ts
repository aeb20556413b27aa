import { accountRoutes } from './account';
import { priceRoutes } from './catalogue/prices';
import { productRoutes } from './catalogue/products';
import { promotionRoutes } from './catalogue/promotions';
import { checkoutRoutes } from './checkout/checkout';
import { runDue } from './control/clock';
import { eventRoutes, testClockRoutes, webhookEndpointRoutes } from './control/notices';
import { customerRoutes } from './customers/customers';
import { paymentMethodRoutes } from './customers/payment-methods';
import { portalRoutes } from './customers/portal';
import { taxIdRoutes } from './customers/tax-ids';
import { disputeRoutes } from './disputes/disputes';
import { confirmRoutes } from './invoices/confirm';
import { invoiceRoutes } from './invoices/invoices';
import { refundRoutes } from './invoices/refunds';
import { expand } from './render/expand';
import { faultsOf } from './schema/check';
import type { Json } from './schema/fill';
import { loadShapes } from './schema/load';
import { Failure } from './store/failure';
import type { World } from './store/world';
import { previewRoutes } from './subscriptions/invoice-preview';
import { scheduleRoutes } from './subscriptions/schedules';
import { subscriptionRoutes } from './subscriptions/subscriptions';
import type { Idempotency, KeyedRequest } from './wire/idempotency';
import { readParams } from './wire/params';
import type { Route } from './wire/route';
import { errorBody, readForm } from './wire/wire';

export interface ApiRequest {
  method: string;
  path: string;
  /** Form-encoded text: the body of a POST, otherwise the query string. */
  form: string;
  authorization: string | undefined;
  version: string | undefined;
  idempotencyKey: string | undefined;
  requestId: string;
}

export interface ApiAnswer {
  status: number;
  body: string;
  replayed?: boolean;
}

const ROUTES: (Route & { pattern: RegExp })[] = [
  ...productRoutes,
  ...promotionRoutes,
  ...priceRoutes,
  ...customerRoutes,
  ...taxIdRoutes,
  ...paymentMethodRoutes,
  ...checkoutRoutes,
  ...subscriptionRoutes,
  ...scheduleRoutes,
  ...invoiceRoutes,
  ...previewRoutes,
  ...refundRoutes,
  ...disputeRoutes,
  ...confirmRoutes,
  ...accountRoutes,
  ...portalRoutes,
  ...webhookEndpointRoutes,
  ...eventRoutes,
  ...testClockRoutes,
].map((route) => ({ ...route, pattern: new RegExp(`^${route.path.replace(':id', '([^/]+)')}$`) }));

/** Returns the response to one API request. Never throws: refusals and internal errors are responses too. */
export function answer(world: World, keys: Idempotency, request: ApiRequest): ApiAnswer {
  const keyed = keyedOf(request);
  try {
    checkCaller(request);
    if (!keyed) return run(world, request);
    const kept = keys.begin(keyed);
    if (kept) return { status: kept.status, body: kept.body, replayed: true };
    try {
      return runKept(world, keys, keyed, request);
    } finally {
      keys.end(keyed.key);
    }
  } catch (error) {
    return failed(error, request.requestId);
  }
}

function keyedOf(request: ApiRequest): KeyedRequest | undefined {
  const { idempotencyKey: key, method, path, form } = request;
  return key && method === 'POST' ? { key, method, path, body: form } : undefined;
}

/** Runs a request and stores its response under the key, refusals included, unless the request never reached the endpoint. */
function runKept(world: World, keys: Idempotency, keyed: KeyedRequest, request: ApiRequest): ApiAnswer {
  try {
    return run(world, request, (done) => keys.keep(keyed, done.status, done.body));
  } catch (error) {
    const answer = failed(error, request.requestId);
    if (!(error instanceof Failure && error.beforeRun)) {
      world.store.work(() => keys.keep(keyed, answer.status, answer.body));
    }
    return answer;
  }
}

function checkCaller({ authorization, version }: ApiRequest): void {
  const key = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
  const unauthorized = (message: string) =>
    new Failure(401, { type: 'invalid_request_error', message }, true);
  if (!key)
    throw unauthorized(
      'You did not provide an API key. Send it in the Authorization header: Bearer sk_test_….',
    );
  if (!/^(sk|rk)_test_/.test(key))
    throw unauthorized('The local Stripe takes test keys only (sk_test_… or rk_test_…).');
  const { apiVersion } = loadShapes();
  if (version && version !== apiVersion) {
    const message = `The local Stripe speaks ${apiVersion}, the request says ${version}. After an update of the SDK run: node --import tsx cloud/stripe/schema/generate.ts`;
    throw new Failure(400, { type: 'invalid_request_error', message }, true);
  }
}

function run(world: World, request: ApiRequest, onDone: (done: ApiAnswer) => void = () => {}): ApiAnswer {
  const { route, id } = find(request);
  const params = readParams(route.params, readForm(request.form));
  runDue(world, world.now(), null);
  return world.work(() => {
    world.request = { id: request.requestId, idempotency_key: request.idempotencyKey ?? null };
    try {
      const result = route.run({ world, params, id, path: request.path });
      const done =
        result instanceof Failure ? failed(result, request.requestId) : succeed(world, result, params);
      onDone(done);
      return done;
    } finally {
      world.request = { id: null, idempotency_key: null };
    }
  });
}

function find({ method, path }: ApiRequest) {
  for (const route of ROUTES) {
    const match = route.method === method ? route.pattern.exec(path) : null;
    if (match) return { route, id: decodeURIComponent(match[1] ?? '') };
  }
  const message = `Unrecognized request URL (${method}: ${path}). The local Stripe may not have this endpoint.`;
  throw new Failure(404, { type: 'invalid_request_error', message }, true);
}

function succeed(world: World, result: Json, params: Json): ApiAnswer {
  expand(world, result, params.expand);
  const faults = faultsOf(result);
  if (faults.length > 0) {
    const message = `The local Stripe built an answer that the SDK's own types refuse: ${faults.slice(0, 5).join('; ')}`;
    throw new Failure(500, { type: 'api_error', message });
  }
  return { status: 200, body: JSON.stringify(result, null, 2) };
}

function failed(error: unknown, requestId: string): ApiAnswer {
  const failure =
    error instanceof Failure
      ? error
      : new Failure(500, {
          type: 'api_error',
          message: `Defect of the local Stripe: ${(error as Error).stack}`,
        });
  return { status: failure.status, body: JSON.stringify(errorBody(failure, requestId), null, 2) };
}
