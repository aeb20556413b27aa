import { setTimeout as pause } from 'node:timers/promises';
import {
  type Launched,
  type LaunchOrder,
  type Machine,
  type MachineFailure,
  machineNameOf,
  type Outcome,
} from '../machines';
import { type FlyAccess, failed, unwanted } from './access';
import { machineRequest } from './config';
import { ensurePlace } from './ensure-place';
import { findByRun, getMachine } from './find-machine';
import { readMachine } from './read-machine';
import { untilSettled } from './settle';

/** Listings lag slightly, so a lost create is looked for only after this time. */
const LIST_LAG_MS = 1_000;

type StillWanted = () => Promise<boolean>;

/**
 * Creates the app, volume and machine of a run, each at most once, and adopts what an earlier attempt created. When the
 * session's volume is known the machine is requested at once; app and volume are checked only if it is refused for lack
 * of them. `stillWanted` is called right before each create, so that a slow provider is not sent a late request.
 */
export async function launch(
  fly: FlyAccess,
  order: LaunchOrder,
  stillWanted: StillWanted,
): Promise<Outcome<Launched>> {
  if (order.volumeId === null) return launchFromStart(fly, order, stillWanted);
  const made = await createIfWanted(fly, order, order.volumeId, stillWanted);
  return !made.ok && isForMissingPlace(made.failure) ? launchFromStart(fly, order, stillWanted) : made;
}

/** Checks app and volume, creates the missing ones, and then the machine. */
async function launchFromStart(
  fly: FlyAccess,
  order: LaunchOrder,
  stillWanted: StillWanted,
): Promise<Outcome<Launched>> {
  const volume = await ensurePlace(fly, order, stillWanted);
  return volume.ok ? createIfWanted(fly, order, volume.value, stillWanted) : volume;
}

async function createIfWanted(
  fly: FlyAccess,
  order: LaunchOrder,
  volumeId: string,
  stillWanted: StillWanted,
): Promise<Outcome<Launched>> {
  if (!(await stillWanted())) return unwanted();
  const created = await untilSettled(fly, order, stillWanted, () => createOnce(fly, order, volumeId));
  if (created.ok || created.failure.kind !== 'ambiguous') return created;
  return resolveLost(fly, { ...order, volumeId }, volumeId, stillWanted);
}

/**
 * Whether a missing app or volume explains the refusal, in which case nothing was created. A volume in use is not
 * missing.
 */
const isForMissingPlace = ({ kind, message }: MachineFailure): boolean =>
  kind === 'not_found' ||
  (kind === 'refused' && /volume|\bapp\b/i.test(message) && !/claimed/i.test(message));

/** Sends one create. When the name is taken by this run's machine, returns that machine. */
async function createOnce(fly: FlyAccess, order: LaunchOrder, volumeId: string): Promise<Outcome<Launched>> {
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
    if (!machine) return failed('ambiguous', 'the answer to a create could not be read');
    fly.apps.note(order.app);
    return launched(machine, volumeId);
  }
  const taken = /machine ID (\w+) already exists with name/.exec(made.failure.message)?.[1];
  return taken ? adopt(fly, order, taken, volumeId) : made;
}

const launched = (machine: Machine, volumeId: string): Outcome<Launched> => ({
  ok: true,
  value: { machineId: machine.id, region: machine.region, volumeId },
});

async function adopt(
  fly: FlyAccess,
  order: LaunchOrder,
  machineId: string,
  volumeId: string,
): Promise<Outcome<Launched>> {
  const read = await getMachine(fly, order.app, machineId);
  if (!read.ok || read.value === null) return failed('ambiguous', 'the existing machine could not be read');
  const ours = read.value.name === machineNameOf(order.runId) && read.value.runId === order.runId;
  return ours
    ? launched(read.value, volumeId)
    : failed('refused', 'another machine has the name of this run');
}

/**
 * After a lost answer: looks for the machine twice, apart, and only then creates it again under the same name, if the
 * run is still wanted. App and volume are checked again then, so that a create that fails for lack of them is not
 * repeated unchanged.
 */
async function resolveLost(
  fly: FlyAccess,
  order: LaunchOrder,
  volumeId: string,
  stillWanted: StillWanted,
): Promise<Outcome<Launched>> {
  for (let look = 0; look < 2; look++) {
    await pause(LIST_LAG_MS);
    const found = await findByRun(fly, order.app, order.runId);
    if (!found.ok) return failed('ambiguous', 'the answer to a create was lost');
    if (found.value) return launched(found.value, volumeId);
  }
  // The first create may still take effect, so the caller has to look for its machine later.
  const place = await ensurePlace(fly, order, stillWanted);
  if (!place.ok) return failed('ambiguous', `the answer to a create was lost: ${place.failure.message}`);
  if (!(await stillWanted()))
    return failed('ambiguous', 'the run ended while the answer to a create was lost');
  return createOnce(fly, order, place.value);
}
