import { setTimeout as pause } from 'node:timers/promises';
import { type LaunchOrder, type Outcome, type Volume, volumeNameOf } from '../machines';
import { done, type FlyAccess, failed, surelyNothing, unwanted } from './access';
import { GUESTS } from './config';
import { getVolume } from './list';
import { readVolume } from './read-volume';
import { untilSettled } from './settle';

/** Two reads that do not show a disk must be at least this far apart to count as its absence. */
const READS_APART_MS = 1_000;

const volumesOf = (app: string): string => `/apps/${encodeURIComponent(app)}/volumes`;

/**
 * Returns the id of the session's disk. A new one is created only when the session certainly has none, because its
 * files are on the one it has.
 */
export async function ensureVolume(
  fly: FlyAccess,
  order: LaunchOrder,
  stillWanted: () => Promise<boolean>,
): Promise<Outcome<string>> {
  const found = await untilSettled(fly, order, stillWanted, () => findVolume(fly, order));
  if (!found.ok) return found;
  if (found.value !== null) return done(found.value);
  if (!(await stillWanted())) return unwanted();
  return untilSettled(fly, order, stillWanted, () => makeVolume(fly, order));
}

/**
 * Returns the known disk while it exists, else the one with the session's name; null without either. A session that ran
 * before needs two reads to count as having lost its disk; one that never ran needs one.
 */
async function findVolume(fly: FlyAccess, order: LaunchOrder): Promise<Outcome<string | null>> {
  const name = volumeNameOf(order.sessionId);
  const looks = order.ranBefore || order.volumeId !== null ? 2 : 1;
  for (let look = 1; ; look++) {
    const listed = await listLiving(fly, order.app);
    if (!listed.ok) return listed;
    if (order.volumeId !== null) {
      const known = await findKnown(fly, order.app, order.volumeId, listed.value);
      if (!known.ok || known.value !== null) return known;
    }
    const named = listed.value.find((volume) => volume.name === name)?.id ?? null;
    if (look === looks || (order.volumeId === null && named !== null)) return done(named);
    await pause(READS_APART_MS);
  }
}

/**
 * Returns the known disk, or null when the provider says there is none. A list may omit it, so the disk itself is read
 * then.
 */
async function findKnown(
  fly: FlyAccess,
  app: string,
  volumeId: string,
  listed: Volume[],
): Promise<Outcome<string | null>> {
  if (listed.some(({ id }) => id === volumeId)) return done(volumeId);
  const read = await getVolume(fly, app, volumeId);
  if (!read.ok)
    return failed('unavailable', `the disk of the session could not be read: ${read.failure.message}`);
  return done(read.value === null || read.value.isGone ? null : volumeId);
}

async function listLiving(fly: FlyAccess, app: string): Promise<Outcome<Volume[]>> {
  const listed = await fly.http.send({
    action: 'list_volumes',
    method: 'GET',
    path: volumesOf(app),
    id: app,
    app,
  });
  if (!listed.ok) return surelyNothing(listed.failure);
  // An empty list may be written as null; any other answer that is not a list proves nothing.
  const raw = listed.value ?? [];
  if (!Array.isArray(raw)) return failed('unavailable', 'the answer of the provider is not a list');
  return done(raw.flatMap((one) => readVolume(one, app) ?? []).filter(({ isGone }) => !isGone));
}

async function makeVolume(fly: FlyAccess, order: LaunchOrder): Promise<Outcome<string>> {
  const made = await fly.http.send({
    action: 'create_volume',
    method: 'POST',
    path: volumesOf(order.app),
    id: order.app,
    body: {
      name: volumeNameOf(order.sessionId),
      region: order.region,
      size_gb: order.storageGb,
      encrypted: true,
      require_unique_zone: false,
      compute: GUESTS[order.size],
    },
    tries: 1,
    app: order.app,
  });
  if (!made.ok) return surelyNothing(made.failure);
  const id = (made.value as { id?: string } | null)?.id;
  return id ? done(id) : failed('unavailable', 'the provider made a volume without an id');
}
