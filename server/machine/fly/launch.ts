import { setTimeout as pause } from 'node:timers/promises';
import {
  type Launched,
  type LaunchOrder,
  type Machine,
  machineNameOf,
  type Outcome,
  volumeNameOf,
} from '../machines';
import { GUESTS, machineRequest } from './config';
import type { FlyHttp } from './http';
import { readMachine } from './read-machine';

export type FlyAccess = { http: FlyHttp; org: string; environmentId: string; image: string };

const enc = encodeURIComponent;
const failed = (kind: 'refused' | 'ambiguous' | 'unavailable', message: string): Outcome<never> => ({
  ok: false,
  failure: { kind, message },
});

/** A create that was lost is looked for after this long: listings lag a little behind. */
const LIST_LAG_MS = 1_000;

/** App, volume and machine of a run, each made at most once; what an earlier try made is adopted. */
export async function launch(
  fly: FlyAccess,
  order: LaunchOrder,
  stillWanted: () => Promise<boolean>,
): Promise<Outcome<Launched>> {
  const app = await ensureApp(fly, order.app);
  if (!app.ok) return app;
  const volume = await ensureVolume(fly, order);
  if (!volume.ok) return volume;
  const created = await createOnce(fly, order, volume.value);
  if (created.ok || created.failure.kind !== 'ambiguous') return withVolume(created, volume.value);
  return withVolume(await resolveLost(fly, order, volume.value, stillWanted), volume.value);
}

const withVolume = (machine: Outcome<Machine>, volumeId: string): Outcome<Launched> =>
  machine.ok
    ? { ok: true, value: { machineId: machine.value.id, region: machine.value.region, volumeId } }
    : machine;

/** The account's own app on its own network. A name that is taken is ours if we may read it. */
async function ensureApp(fly: FlyAccess, app: string): Promise<Outcome<void>> {
  const known = await fly.http.send({
    action: 'get',
    method: 'GET',
    path: `/apps/${enc(app)}`,
    id: app,
    app,
  });
  if (known.ok) return { ok: true, value: undefined };
  if (known.failure.kind !== 'not_found') return surelyNothing(known);
  const body = { app_name: app, name: app, org_slug: fly.org, network: app };
  const made = await fly.http.send({
    action: 'create_app',
    method: 'POST',
    path: '/apps',
    id: app,
    body,
    app,
  });
  if (made.ok) return { ok: true, value: undefined };
  const again = await fly.http.send({
    action: 'get',
    method: 'GET',
    path: `/apps/${enc(app)}`,
    id: app,
    app,
  });
  return again.ok ? { ok: true, value: undefined } : surelyNothing(made);
}

/** Apps and volumes cost no machine time: not knowing about them still means that surely no machine was made. */
const surelyNothing = (outcome: Outcome<unknown>): Outcome<never> =>
  outcome.ok || outcome.failure.kind !== 'ambiguous'
    ? (outcome as Outcome<never>)
    : failed('unavailable', outcome.failure.message);

async function ensureVolume(fly: FlyAccess, order: LaunchOrder): Promise<Outcome<string>> {
  const name = volumeNameOf(order.sessionId);
  const path = `/apps/${enc(order.app)}/volumes`;
  const listed = await fly.http.send({
    action: 'list_volumes',
    method: 'GET',
    path,
    id: order.app,
    app: order.app,
  });
  if (!listed.ok) return surelyNothing(listed);
  const volumes = (Array.isArray(listed.value) ? listed.value : []) as {
    id: string;
    name: string;
    state?: string;
  }[];
  const alive = volumes.filter((v) => !/destroy/.test(v.state ?? ''));
  const found = alive.find((v) => v.id === order.volumeId) ?? alive.find((v) => v.name === name);
  if (found) return { ok: true, value: found.id };
  const body = {
    name,
    region: order.region,
    size_gb: order.storageGb,
    encrypted: true,
    require_unique_zone: false,
    compute: GUESTS[order.size],
  };
  const made = await fly.http.send({
    action: 'create_volume',
    method: 'POST',
    path,
    id: order.app,
    body,
    tries: 1,
    app: order.app,
  });
  if (!made.ok) return surelyNothing(made);
  const id = (made.value as { id?: string } | null)?.id;
  return id ? { ok: true, value: id } : failed('unavailable', 'the provider made a volume without an id');
}

/** Sends one create. A name that is already taken by this run's machine is that machine. */
async function createOnce(fly: FlyAccess, order: LaunchOrder, volumeId: string): Promise<Outcome<Machine>> {
  const body = machineRequest(order, fly.image, fly.environmentId, volumeId);
  const path = `/apps/${enc(order.app)}/machines`;
  const made = await fly.http.send({
    action: 'create',
    method: 'POST',
    path,
    id: order.app,
    body,
    tries: 1,
    timeoutMs: 15_000,
    app: order.app,
  });
  if (made.ok) {
    const machine = readMachine(made.value, order.app);
    return machine
      ? { ok: true, value: machine }
      : failed('ambiguous', 'the answer to a create could not be read');
  }
  const taken = /machine ID (\w+) already exists with name/.exec(made.failure.message)?.[1];
  return taken ? adopt(fly, order, taken) : made;
}

async function adopt(fly: FlyAccess, order: LaunchOrder, machineId: string): Promise<Outcome<Machine>> {
  const read = await getMachine(fly, order.app, machineId);
  if (!read.ok || read.value === null) return failed('ambiguous', 'the existing machine could not be read');
  const ours = read.value.name === machineNameOf(order.runId) && read.value.runId === order.runId;
  return ours
    ? { ok: true, value: read.value }
    : failed('refused', 'another machine has the name of this run');
}

/** After a lost answer: look twice, apart; only then create again, under the same name, if anybody still wants it. */
async function resolveLost(
  fly: FlyAccess,
  order: LaunchOrder,
  volumeId: string,
  stillWanted: () => Promise<boolean>,
): Promise<Outcome<Machine>> {
  for (let look = 0; look < 2; look++) {
    await pause(LIST_LAG_MS);
    const found = await findByRun(fly, order.app, order.runId);
    if (!found.ok) return failed('ambiguous', 'the answer to a create was lost');
    if (found.value) return { ok: true, value: found.value };
  }
  if (!(await stillWanted())) return failed('refused', 'the run ended while its machine was being made');
  return createOnce(fly, order, volumeId);
}

/** The machine of a run by metadata and name, or null when this list did not show one. */
export async function findByRun(
  fly: FlyAccess,
  app: string,
  runId: string,
): Promise<Outcome<Machine | null>> {
  const path = `/apps/${enc(app)}/machines?include_deleted=true&metadata.hourglass_run=${enc(runId)}`;
  const listed = await fly.http.send({ action: 'list', method: 'GET', path, id: app, app });
  if (!listed.ok) return listed.failure.kind === 'not_found' ? { ok: true, value: null } : listed;
  const machines = (Array.isArray(listed.value) ? listed.value : []).map((raw) => readMachine(raw, app));
  const found = machines.find((m) => m !== null && m.name === machineNameOf(runId) && m.runId === runId);
  // Listings may leave events out: the machine itself has them.
  return found ? getMachine(fly, app, found.id) : { ok: true, value: null };
}

/** One machine with its events; null when the provider knows no such machine. */
export async function getMachine(
  fly: FlyAccess,
  app: string,
  machineId: string,
  tries = 3,
): Promise<Outcome<Machine | null>> {
  const path = `/apps/${enc(app)}/machines/${enc(machineId)}`;
  const read = await fly.http.send({
    action: 'get',
    method: 'GET',
    path,
    id: machineId,
    timeoutMs: 5_000,
    tries,
    app,
  });
  if (!read.ok) return read.failure.kind === 'not_found' ? { ok: true, value: null } : read;
  const machine = readMachine(read.value, app);
  return machine
    ? { ok: true, value: machine }
    : failed('unavailable', 'the provider answered something that is no machine');
}
