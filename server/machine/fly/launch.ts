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

/** A create that was lost is looked for after this long: listings lag a little behind. */
const LIST_LAG_MS = 1_000;

type StillWanted = () => Promise<boolean>;

/**
 * App, volume and machine of a run, each made at most once; what an earlier try made is adopted. Where the session's volume
 * is known, the machine is asked for at once, and the others are looked at only when it is refused for want of them.
 * Whether anybody still wants the run is asked right before each create: a slow provider must not be sent what came too late.
 */
export async function launch(
  fly: FlyAccess,
  order: LaunchOrder,
  stillWanted: StillWanted,
): Promise<Outcome<Launched>> {
  if (order.volumeId === null) return launchFromStart(fly, order, stillWanted);
  const made = await createIfWanted(fly, order, order.volumeId, stillWanted);
  return !made.ok && isForWant(made.failure) ? launchFromStart(fly, order, stillWanted) : made;
}

/** Looks at app and volume, makes what is missing of them, and then the machine. */
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

/** True for a refusal that a missing app or volume explains; a volume in use is there. Then surely nothing was made. */
const isForWant = ({ kind, message }: MachineFailure): boolean =>
  kind === 'not_found' ||
  (kind === 'refused' && /volume|\bapp\b/i.test(message) && !/claimed/i.test(message));

/** Sends one create. A name that is already taken by this run's machine is that machine. */
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
 * After a lost answer: look twice, apart; only then create again, under the same name, if anybody still wants it. Nothing is
 * taken as known then: a provider that fails for want of app or volume is not asked for ever in the same way.
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
  // The first create may still come true: who sees the run through has to look for its machine.
  const place = await ensurePlace(fly, order, stillWanted);
  if (!place.ok) return failed('ambiguous', `the answer to a create was lost: ${place.failure.message}`);
  if (!(await stillWanted()))
    return failed('ambiguous', 'the run ended while the answer to a create was lost');
  return createOnce(fly, order, place.value);
}
