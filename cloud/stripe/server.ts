import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, readBody, type StartedPart } from '../http';
import { answer } from './api';
import { runDue } from './control/clock';
import { handleControl } from './control/control';
import { type Fault, Faults } from './control/faults';
import { handlePage } from './pages/handle';
import { loadShapes } from './schema/load';
import { newStripeId } from './store/ids';
import { World } from './store/world';
import { Webhooks } from './webhooks/webhooks';
import { Idempotency } from './wire/idempotency';

const TICK_MS = 1000;
const ENV_ENDPOINT = 'we_local';

export interface StripeOptions {
  /** 0 = any free port. */
  port: number;
  /** The journal's directory; its state survives a restart. */
  stateDir: string;
  /** Returns the real time in milliseconds; tests pass a fixed time. */
  now?: () => number;
  /** Base URL of the hosted pages in the browser; default http://localhost:<port>. */
  publicUrl?: string;
  /** Endpoint for all events; default from CLOUD_STRIPE_WEBHOOK_URL and CLOUD_STRIPE_WEBHOOK_SECRET. */
  webhook?: { url: string; secret: string };
}

export interface StartedStripe extends StartedPart {
  url: string;
}

/** One handled API request, for tests. The newest comes last. */
interface LoggedRequest {
  seq: number;
  method: string;
  path: string;
  status: number | null;
  idempotencyKey: string | null;
  replayed: boolean;
}

/** State that the server's API, pages and controls share. */
export interface Desk {
  world: World;
  keys: Idempotency;
  faults: Faults;
  webhooks: Webhooks;
  requests: LoggedRequest[];
  /** Restores the endpoint from the options or the environment. */
  restoreWebhook(): void;
}

/** Starts the local Stripe on loopback. Throws with NODE_ENV=production, because no real money would move. */
export async function startStripe(options: StripeOptions): Promise<StartedStripe> {
  if (process.env.NODE_ENV === 'production') {
    throw new Error(
      'The local Stripe is for development and tests only and does not run with NODE_ENV=production.',
    );
  }
  const desk = openDesk(options);
  const { world, webhooks } = desk;
  const server = createServer((req, res) => {
    serve(desk, req, res).catch((error) => {
      if (!res.headersSent) res.writeHead(500, { 'content-type': 'text/plain' });
      res.end(`Defect of the local Stripe: ${error?.stack ?? error}`);
    });
  });
  const port = await listen(server, options.port, 'local Stripe', 'CLOUD_STRIPE_PORT');
  world.baseUrl = options.publicUrl ?? process.env.CLOUD_STRIPE_PUBLIC_URL ?? `http://localhost:${port}`;
  const tick = setInterval(() => runTick(world), TICK_MS);
  tick.unref();
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        clearInterval(tick);
        webhooks.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Logs an error of the clock instead of ending the process, which other parts of the local cloud share. */
function runTick(world: World): void {
  try {
    runDue(world, world.now(), null);
  } catch (error) {
    console.error('Defect of the local Stripe while the clock moved:', error);
  }
}

function openDesk(options: StripeOptions): Desk {
  const world = new World(options.stateDir, options.now ?? Date.now);
  const webhooks = new Webhooks(world);
  world.onEvents = (ids) => webhooks.plan(ids);
  const { CLOUD_STRIPE_WEBHOOK_URL: url, CLOUD_STRIPE_WEBHOOK_SECRET: secret } = process.env;
  const webhook = options.webhook ?? (url && secret ? { url, secret } : undefined);
  const restoreWebhook = () => {
    world.store.work(() => {
      if (!webhook) return world.store.remove('webhookEndpoints', ENV_ENDPOINT);
      world.store.put('webhookEndpoints', {
        id: ENV_ENDPOINT,
        ...webhook,
        enabled_events: ['*'],
        api_version: loadShapes().apiVersion,
        description: 'From the environment of the local cloud',
        status: 'enabled',
        metadata: {},
        created: world.now(),
      });
    });
  };
  restoreWebhook();
  return {
    world,
    keys: new Idempotency(world),
    faults: new Faults(),
    webhooks,
    requests: [],
    restoreWebhook,
  };
}

async function serve(desk: Desk, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://local');
  const body = (await readBody(req)).toString('utf8');
  if (url.pathname.startsWith('/v1/')) return serveApi(desk, req, res, url, body);
  if (url.pathname.startsWith('/_control/')) return handleControl(desk, req, res, url, body);
  return handlePage(desk.world, req, res, url, body);
}

async function serveApi(
  desk: Desk,
  req: IncomingMessage,
  res: ServerResponse,
  url: URL,
  body: string,
): Promise<void> {
  const method = req.method ?? 'GET';
  const requestId = newStripeId('req');
  const key = req.headers['idempotency-key'];
  const logged: LoggedRequest = {
    seq: (desk.requests.at(-1)?.seq ?? 0) + 1,
    method,
    path: url.pathname,
    status: null,
    idempotencyKey: typeof key === 'string' ? key : null,
    replayed: false,
  };
  desk.requests.push(logged);
  if (desk.requests.length > 2000) desk.requests.splice(0, 1000);
  const fault = desk.faults.take(method, url.pathname);
  if (fault && !(await strikeBefore(desk, fault, req, res, requestId, logged, body))) return;
  const done = answer(desk.world, desk.keys, {
    method,
    path: url.pathname,
    form: method === 'POST' ? body : url.search.slice(1),
    authorization: req.headers.authorization,
    version: req.headers['stripe-version'] as string | undefined,
    idempotencyKey: logged.idempotencyKey ?? undefined,
    requestId,
  });
  logged.replayed = done.replayed === true;
  if (fault?.kind === 'after_commit_hang') return;
  if (fault?.kind === 'after_commit_reset') return void req.socket.destroy();
  if (fault?.kind === 'after_commit_status') return sendFault(fault, res, requestId, logged);
  logged.status = done.status;
  res.writeHead(done.status, {
    'content-type': 'application/json',
    'request-id': requestId,
    'stripe-version': loadShapes().apiVersion,
    ...(logged.idempotencyKey ? { 'idempotency-key': logged.idempotencyKey } : {}),
    ...(done.replayed ? { 'idempotent-replayed': 'true' } : {}),
  });
  res.end(done.body);
}

/** Applies a fault to a request. Returns true when the request continues to its endpoint. */
async function strikeBefore(
  { keys, world }: Desk,
  fault: Fault,
  req: IncomingMessage,
  res: ServerResponse,
  requestId: string,
  logged: LoggedRequest,
  body: string,
): Promise<boolean> {
  const key = logged.idempotencyKey;
  if (fault.kind === 'hang') {
    keys.hold(key);
    req.socket.once('close', () => key && keys.end(key));
    return false;
  }
  if (fault.kind === 'reset') {
    req.socket.destroy();
    return false;
  }
  if (fault.kind === 'status' || fault.kind === 'kept_status') {
    const { method, path } = logged;
    const kept = fault.kind === 'kept_status' && method === 'POST' && key;
    if (kept) world.store.work(() => keys.keep({ key, method, path, body }, statusOf(fault), bodyOf(fault)));
    sendFault(fault, res, requestId, logged);
    return false;
  }
  if (fault.latencyMs) {
    keys.hold(key);
    await new Promise((resolve) => setTimeout(resolve, fault.latencyMs));
    if (key) keys.end(key);
  }
  return true;
}

const statusOf = (fault: Fault): number => fault.status ?? 500;

function bodyOf(fault: Fault): string {
  const status = statusOf(fault);
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'api_error' : 'invalid_request_error';
  const message =
    fault.message ??
    (status === 429 ? 'Too many requests hit the API too quickly.' : 'An unknown error occurred.');
  return JSON.stringify({ error: { type, message, ...(fault.code ? { code: fault.code } : {}) } });
}

function sendFault(fault: Fault, res: ServerResponse, requestId: string, logged: LoggedRequest): void {
  const status = statusOf(fault);
  logged.status = status;
  res.writeHead(status, {
    'content-type': 'application/json',
    'request-id': requestId,
    // The SDK retries by itself only after some statuses; this header allows a retry.
    ...(status === 429 || status >= 500 ? { 'stripe-should-retry': 'true' } : {}),
    ...(fault.retryAfter ? { 'retry-after': String(fault.retryAfter) } : {}),
  });
  res.end(bodyOf(fault));
}
