import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { listen, readBody, type StartedPart, sendJson } from '../http';
import { lagOf, NoAnswer, strikeAfter, strikeBefore } from './apply-fault';
import { CallLog } from './call-log';
import { checkRequestShape } from './check-request-shape';
import { Faults } from './faults';
import { findRoute } from './find-route';
import { FlyError } from './fly-error';
import { newUlid } from './ids';
import { MachineLife } from './machine-life';
import { RateLimit } from './rate-limit';
import type { Fly, Reply, Request } from './route';
import { type Delays, defaultDelays, World } from './world';

export interface FlyOptions {
  port: number;
  stateDir: string;
  /** A simple shell command, run with `exec` in the machine's own directory. */
  machineCommand?: string;
  /** The only accepted token; absent = every non-empty token is accepted. */
  token?: string;
  delays?: Partial<Delays>;
  /** `false` disables the rate limits. */
  rateLimits?: boolean;
}

export interface StartedFly extends StartedPart, Fly {
  /** Closes the API and kills every machine, unless `keepMachines` is set. */
  close(options?: { keepMachines?: boolean }): Promise<void>;
}

interface Gate {
  fly: Fly;
  token?: string;
  limits: RateLimit | null;
}

/** Starts the local Machines API with the state in `stateDir`, and adopts the machines of an earlier one. */
export async function startFly(options: FlyOptions): Promise<StartedFly> {
  const delays = { ...defaultDelays, ...options.delays };
  const command = options.machineCommand ?? 'node dist/agent/main.mjs';
  const world = new World(join(options.stateDir, 'fly'), delays, command);
  const fly = { world, life: new MachineLife(world), faults: new Faults(), calls: new CallLog() };
  const gate = { fly, token: options.token, limits: options.rateLimits === false ? null : new RateLimit() };
  const server = createServer((req, res) => void answer(gate, req, res));
  server.keepAliveTimeout = 60_000;
  try {
    const port = await listen(server, options.port, 'Machines API', 'CLOUD_FLY_PORT');
    fly.life.restore();
    return { ...fly, port, close: (how) => close(server, fly, how?.keepMachines ?? false) };
  } catch (error) {
    await fly.life.close(false);
    throw error;
  }
}

async function close(server: Server, fly: Fly, keepMachines: boolean): Promise<void> {
  const closed = new Promise((done) => server.close(done));
  server.closeAllConnections();
  await fly.life.close(!keepMachines);
  await closed;
}

async function answer(gate: Gate, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://localhost');
  const path = url.pathname.replace(/^\/v1\//, '');
  const found = url.pathname.startsWith('/v1/') ? findRoute(req.method ?? 'GET', path) : null;
  const call = gate.fly.calls.begin({
    at: Date.now(),
    method: req.method ?? 'GET',
    path: url.pathname + url.search,
    action: found?.route.action ?? 'unknown',
    ...(found?.params.app ? { app: found.params.app } : {}),
    ...(found?.params.machine ? { machineId: found.params.machine } : {}),
  });
  res.setHeader('fly-request-id', `${newUlid()}-iad`);
  if (found?.params.app) {
    res.setHeader('set-cookie', `fly_flaps_affinity=local; Path=/v1/apps/${found.params.app}`);
  }
  try {
    const reply = await decide(gate, req, res, url, found);
    if (call.action === 'machine.create') call.machineId = (reply.body as { id?: string } | undefined)?.id;
    call.status = reply.status;
    sendJson(res, reply.status, reply.body);
  } catch (error) {
    if (error instanceof NoAnswer) return;
    call.status = 500;
    process.stderr.write(`Machines API: ${error instanceof Error ? error.stack : String(error)}\n`);
    if (!res.headersSent) sendJson(res, 500, { error: 'unknown: internal error of the local cloud' });
  }
}

async function decide(
  gate: Gate,
  req: IncomingMessage,
  res: ServerResponse,
  url: URL,
  found: ReturnType<typeof findRoute>,
): Promise<Reply> {
  const text = (await readBody(req)).toString();
  const action = found?.route.action ?? 'unknown';
  const faults = gate.fly.faults.take({
    method: req.method ?? 'GET',
    path: url.pathname + url.search,
    action,
  });
  const early = await strikeBefore(faults, res);
  if (early) return early;
  const done = await perform(gate, req, res, url, text, found, lagOf(faults));
  return strikeAfter(faults, done, res);
}

async function perform(
  gate: Gate,
  req: IncomingMessage,
  res: ServerResponse,
  url: URL,
  text: string,
  found: ReturnType<typeof findRoute>,
  lagMs: number,
): Promise<Reply | FlyError> {
  try {
    checkToken(req, gate.token);
    if (!found) throw new FlyError(404, 'not found');
    const { route, params } = found;
    if (gate.limits && route.limitBy && !gate.limits.take(route.action, params[route.limitBy] ?? '')) {
      throw new FlyError(429, 'rate limit exceeded');
    }
    const body = parseBody(text);
    checkShape(req.method ?? 'GET', url.pathname, body);
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    const request: Request = {
      params,
      query: url.searchParams,
      body,
      headers: req.headers,
      asOf: Date.now() - lagMs,
      signal: gone.signal,
    };
    return await route.run(gate.fly, request);
  } catch (error) {
    if (error instanceof FlyError) return error;
    throw error;
  }
}

function checkToken(req: IncomingMessage, wanted: string | undefined): void {
  const given = /^(?:Bearer|FlyV1)\s+(.+)$/.exec(req.headers.authorization ?? '')?.[1]?.trim();
  if (!given || (wanted && given !== wanted)) throw new FlyError(401, 'Authenticate: token validation error');
}

/** Throws 400 for a body that contradicts Fly's own description. Fly itself ignores a misspelled field. */
function checkShape(method: string, path: string, body: unknown): void {
  const [problem] = body === undefined ? [] : checkRequestShape(method, path, body);
  if (problem) throw new FlyError(400, problem);
}

function parseBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new FlyError(400, 'invalid_argument: the request body is not JSON');
  }
}
