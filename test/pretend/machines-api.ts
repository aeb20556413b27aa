import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { machineView } from './machine-view';
import { RateWatch } from './rate-watch';
import { createVolume, deleteVolume, getVolume, listVolumes, type PretendedVolume } from './volumes';

/**
 * A Machines API with simulated machines, because ten thousand real processes do not fit on one computer. It answers
 * after a fixed time, enforces the provider's limits, and records when each machine was asked to stop and when it
 * ended.
 */

export type Pretended = {
  id: string;
  app: string;
  runId: string;
  sessionId: string;
  /** The mounted disk, if the machine was created through the API. */
  volumeId: string | null;
  /** A stubborn machine ignores the signal: only the timeout of the stop, or a destroy, ends it. */
  stubborn: boolean;
  createdAt: number;
  startedAt: number | null;
  stopAskedAt: number | null;
  stopCount: number;
  destroyCount: number;
  endedAt: number | null;
  /** Faults of this machine's calls: a late answer, or 429 for everything but reads. */
  trouble: { answerMs?: number; refuses?: boolean };
};

export type MachinesApi = {
  url: string;
  machines: Map<string, Pretended>;
  rates: RateWatch;
  /** Adds a machine that is already running. */
  add(machine: Pick<Pretended, 'id' | 'app' | 'runId' | 'sessionId'> & Partial<Pretended>): void;
  close(): Promise<void>;
};

const BOOT_MS = 300;
/** Time from the signal to the exit of an obedient machine. */
const OBEY_MS = 20;
const MAX_BODY_BYTES = 1 << 16;

type Answer = { status: number; body: unknown };
const found = (body: unknown): Answer => ({ status: 200, body });
const missing: Answer = { status: 404, body: { error: 'machine not found' } };

export async function startMachinesApi({ answerMs = 50 } = {}): Promise<MachinesApi> {
  const machines = new Map<string, Pretended>();
  const rates = new RateWatch();
  const world = { machines, volumes: new Map(), rates };
  const server = createServer(async (request, response) => {
    const body = await readBody(request);
    const asked = readPath(request.method ?? 'GET', request.url ?? '/', body);
    const machine = machines.get(asked.machineId);
    const refused =
      rates.note(asked.action, asked.id) || (machine?.trouble.refuses && asked.action !== 'get');
    const answer = refused
      ? { status: 429, body: { error: 'rate limit exceeded' } }
      : act(world, asked, machine, body);
    setTimeout(() => send(response, answer), machine?.trouble.answerMs ?? answerMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 2_048, resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    machines,
    rates,
    add: (machine) => void machines.set(machine.id, pretend(machine)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const pretend = (made: Pick<Pretended, 'id' | 'app' | 'runId' | 'sessionId'> & Partial<Pretended>) => ({
  volumeId: null,
  stubborn: false,
  createdAt: Date.now(),
  startedAt: Date.now(),
  stopAskedAt: null,
  stopCount: 0,
  destroyCount: 0,
  endedAt: null,
  trouble: {},
  ...made,
});

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) if (text.length < MAX_BODY_BYTES) text += chunk;
  return text === '' ? {} : JSON.parse(text);
}

type Asked = { action: string; id: string; app: string; machineId: string; query: URLSearchParams };

/** Parses a request: the action, and the identifier the provider's limit counts it under. */
function readPath(method: string, url: string, body: Record<string, unknown>): Asked {
  const { pathname, searchParams: query } = new URL(url, 'http://api');
  const [, , root = '', app = '', kind = '', machineId = '', verb = ''] = pathname.split('/');
  const asked = (action: string, id: string): Asked => ({ action, id, app, machineId, query });
  if (root === 'orgs') return asked(kind === 'volumes' ? 'list_org_volumes' : 'list', app);
  if (kind === 'machines' && machineId !== '') {
    const action = verb || (method === 'DELETE' ? 'destroy' : 'get');
    return asked(action, machineId);
  }
  if (kind === 'machines') return asked(method === 'POST' ? 'create' : 'list', app);
  if (kind === 'volumes' && machineId !== '')
    return asked(method === 'DELETE' ? 'delete_volume' : 'get_volume', machineId);
  if (kind === 'volumes') return asked(method === 'POST' ? 'create_volume' : 'list_volumes', app);
  return method === 'POST' ? asked('create_app', String(body.app_name ?? '')) : asked('get', app || 'apps');
}

type World = { machines: Map<string, Pretended>; volumes: Map<string, PretendedVolume>; rates: RateWatch };

function act(
  world: World,
  asked: Asked,
  machine: Pretended | undefined,
  body: Record<string, unknown>,
): Answer {
  switch (asked.action) {
    case 'get':
      if (asked.machineId === '') return found({ name: asked.app });
      return machine ? found(machineView(machine, true)) : missing;
    case 'stop':
      return machine ? stop(machine, String(body.timeout ?? '')) : missing;
    case 'destroy':
      if (machine) machine.destroyCount += 1;
      if (machine) end(machine);
      return machine ? found({ ok: true }) : missing;
    case 'create':
      return create(world, asked.app, body);
    case 'create_volume':
      return createVolume(world, asked.app, body);
    case 'list_volumes':
      return found(listVolumes(world, asked.app));
    case 'get_volume':
      return getVolume(world, asked.id);
    case 'delete_volume':
      return deleteVolume(world, asked.id);
    case 'list_org_volumes':
      return found({ volumes: listVolumes(world, null), next_cursor: '', error_regions: [] });
    case 'list':
      return list(world, asked);
    default:
      return found({});
  }
}

function stop(machine: Pretended, timeout: string): Answer {
  machine.stopAskedAt ??= Date.now();
  machine.stopCount += 1;
  const timeoutMs = Number(/^(\d+)ms$/.exec(timeout)?.[1] ?? 0);
  setTimeout(() => end(machine), machine.stubborn ? timeoutMs : Math.min(OBEY_MS, timeoutMs));
  return found({ ok: true });
}

function end(machine: Pretended): void {
  machine.endedAt ??= Date.now();
}

type Config = { metadata?: Record<string, string>; mounts?: { volume?: string }[] };

function create(world: World, app: string, body: Record<string, unknown>): Answer {
  const { metadata = {}, mounts } = (body.config ?? {}) as Config;
  const taken = [...world.machines.values()].find(
    (one) => one.app === app && one.endedAt === null && `run-${one.runId}` === body.name,
  );
  if (taken) return nameTaken(taken.id, String(body.name));
  const machine = pretend({
    id: `m${world.machines.size}x${app.slice(-12)}`,
    app,
    runId: metadata.hourglass_run ?? '',
    sessionId: metadata.hourglass_session ?? '',
    volumeId: mounts?.[0]?.volume ?? null,
    startedAt: null,
  });
  world.machines.set(machine.id, machine);
  setTimeout(() => {
    if (machine.endedAt === null) machine.startedAt = Date.now();
  }, BOOT_MS);
  return found(machineView(machine, true));
}

/** The provider's message, from which the adapter reads the holder of a name. */
const nameTaken = (id: string, name: string): Answer => ({
  status: 409,
  body: {
    error: `already_exists: unique machine name violation, machine ID ${id} already exists with name "${name}"`,
  },
});

/** Lists running machines: of the organisation page by page, or of one app. */
function list(world: World, { app, query, machineId }: Asked): Answer {
  const living = [...world.machines.values()].filter((machine) => machine.endedAt === null);
  const runId = query.get('metadata.hourglass_run');
  if (runId !== null || machineId !== '') {
    const ours = [...world.machines.values()].filter((m) => m.app === app && m.runId === runId);
    return found(ours.map((machine) => machineView(machine, false)));
  }
  const limit = Number(query.get('limit') ?? 100);
  const from = Number(query.get('cursor') ?? 0);
  const page = living.slice(from, from + limit).map((machine) => machineView(machine, false));
  const next = from + limit < living.length ? String(from + limit) : '';
  return found({ machines: page, next_cursor: next, error_regions: [] });
}
