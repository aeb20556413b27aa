import type { CallLog } from './call-log';
import type { Faults } from './faults';
import { FlyError } from './fly-error';
import type { MachineLife } from './machine-life';
import type { AppRecord, MachineRecord, VolumeRecord } from './records';
import type { World } from './world';

/** State that the routes of the Machines API share. */
export interface Fly {
  world: World;
  life: MachineLife;
  faults: Faults;
  calls: CallLog;
}

export interface Request {
  params: Record<string, string>;
  query: URLSearchParams;
  body: unknown;
  headers: Record<string, string | string[] | undefined>;
  /** Reads show the state as of this instant. */
  asOf: number;
  /** Aborts when the caller closes the connection. */
  signal: AbortSignal;
}

export interface Reply {
  status: number;
  body?: unknown;
}

export interface Route {
  method: string;
  /** Path after `/v1`; `:name` is a parameter. */
  path: string;
  /** Name of the call in the call log, in faults and in rate limits. */
  action: string;
  /** Parameter that rate limits count by; absent for unlimited calls. */
  limitBy?: 'app' | 'machine' | 'volume';
  run(fly: Fly, request: Request): Reply | Promise<Reply>;
}

export const ok = (body: unknown): Reply => ({ status: 200, body });

/** Returns the app of the path. Throws 404. */
export function appOf(fly: Fly, request: Request): AppRecord {
  const app = fly.world.apps.get(request.params.app ?? '');
  if (!app) throw new FlyError(404, 'App not found');
  return app;
}

/** Returns the machine of the path, including destroyed ones. Throws 404. */
export function machineOf(fly: Fly, request: Request): MachineRecord {
  appOf(fly, request);
  const machine = fly.world.machines.get(request.params.machine ?? '');
  if (!machine || machine.lost || machine.app !== request.params.app || machine.createdAt > request.asOf) {
    throw new FlyError(404, 'machine not found');
  }
  return machine;
}

/** Returns the machine of the path, if it can be changed and its lease allows this caller. Throws 404, 409 or 503. */
export function liveMachineOf(fly: Fly, request: Request): MachineRecord {
  const machine = machineOf(fly, request);
  if (machine.state === 'destroyed') throw new FlyError(404, 'machine not found');
  if (machine.cutOffAt) throw new FlyError(503, 'unavailable: the host of this machine is unreachable');
  const lease = machine.lease;
  if (lease && lease.expiresAt > Date.now() && request.headers['fly-machine-lease-nonce'] !== lease.nonce) {
    const until = new Date(lease.expiresAt).toISOString();
    throw new FlyError(
      409,
      `machine ID ${machine.id} lease currently held by ${lease.owner}, expires at ${until}`,
    );
  }
  return machine;
}

export function volumeOf(fly: Fly, request: Request): VolumeRecord {
  appOf(fly, request);
  const volume = fly.world.volumes.get(request.params.volume ?? '');
  if (!volume || volume.app !== request.params.app) throw new FlyError(404, 'volume not found');
  return volume;
}

/**
 * Returns the body as an object with known fields only. Throws 400 for an unknown field, which Fly silently ignores
 * and which would hide a misspelling until production.
 */
export function fieldsOf(body: unknown, struct: string, known: readonly string[]): Record<string, unknown> {
  if (body === undefined || body === null) return {};
  if (typeof body !== 'object' || Array.isArray(body)) {
    const kind = Array.isArray(body) ? 'array' : typeof body;
    throw new FlyError(400, `json: cannot unmarshal ${kind} into Go value of type ${struct}`);
  }
  for (const name of Object.keys(body)) {
    if (!known.includes(name)) throw new FlyError(400, `invalid_argument: json: unknown field "${name}"`);
  }
  return body as Record<string, unknown>;
}
