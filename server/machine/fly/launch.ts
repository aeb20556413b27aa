import { setTimeout as pause } from 'node:timers/promises';
import { type Launched, type LaunchOrder, type Machine, machineNameOf, type Outcome } from '../machines';
import { type FlyAccess, failed, unwanted } from './access';
import { machineRequest } from './config';
import { ensureApp } from './ensure-app';
import { ensureVolume } from './ensure-volume';
import { findByRun, getMachine } from './find-machine';
import { readMachine } from './read-machine';

/** A create that was lost is looked for after this long: listings lag a little behind. */
const LIST_LAG_MS = 1_000;

/**
 * App, volume and machine of a run, each made at most once; what an earlier try made is adopted. Whether anybody still
 * wants the run is asked right before each of them is made: a slow provider must not be sent what came too late.
 */
export async function launch(
  fly: FlyAccess,
  order: LaunchOrder,
  stillWanted: () => Promise<boolean>,
): Promise<Outcome<Launched>> {
  const app = await ensureApp(fly, order.app, stillWanted);
  if (!app.ok) return app;
  const volume = await ensureVolume(fly, order, stillWanted);
  if (!volume.ok) return volume;
  if (!(await stillWanted())) return unwanted();
  const created = await createOnce(fly, order, volume.value);
  if (created.ok || created.failure.kind !== 'ambiguous') return withVolume(created, volume.value);
  return withVolume(await resolveLost(fly, order, volume.value, stillWanted), volume.value);
}

const withVolume = (machine: Outcome<Machine>, volumeId: string): Outcome<Launched> =>
  machine.ok
    ? { ok: true, value: { machineId: machine.value.id, region: machine.value.region, volumeId } }
    : machine;

/** Sends one create. A name that is already taken by this run's machine is that machine. */
async function createOnce(fly: FlyAccess, order: LaunchOrder, volumeId: string): Promise<Outcome<Machine>> {
  const body = machineRequest(order, fly.image, fly.environmentId, volumeId);
  const path = `/apps/${encodeURIComponent(order.app)}/machines`;
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
  // The first create may still come true: who sees the run through has to look for its machine.
  if (!(await stillWanted()))
    return failed('ambiguous', 'the run ended while the answer to a create was lost');
  return createOnce(fly, order, volumeId);
}
