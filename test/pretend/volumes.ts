import type { Pretended } from './machines-api';

/** A disk created through the simulated API. Disks that machines merely name are not stored. */
export type PretendedVolume = { id: string; app: string; name: string; region: string; createdAt: number };

type World = { machines: Map<string, Pretended>; volumes: Map<string, PretendedVolume> };
type Answer = { status: number; body: unknown };

const missing: Answer = { status: 404, body: { error: 'volume not found' } };

export function createVolume({ volumes }: World, app: string, body: Record<string, unknown>): Answer {
  const volume = {
    id: `vol_${volumes.size}x${app.slice(-12)}`,
    app,
    name: String(body.name ?? ''),
    region: String(body.region ?? 'iad'),
    createdAt: Date.now(),
  };
  volumes.set(volume.id, volume);
  return { status: 200, body: { ...view(volume), attached_machine_id: null } };
}

export function getVolume(world: World, id: string): Answer {
  const volume = world.volumes.get(id);
  return volume ? { status: 200, body: show(world, volume) } : missing;
}

/** Like the provider, keeps a disk that a running machine has. */
export function deleteVolume(world: World, id: string): Answer {
  const volume = world.volumes.get(id);
  if (!volume) return missing;
  const holder = holderOf(world, id);
  if (holder) return { status: 412, body: { error: `failed_precondition: volume is attached to ${holder}` } };
  world.volumes.delete(id);
  return { status: 200, body: { ...view(volume), state: 'pending_destroy' } };
}

/** Returns the disks of one app, or of the organisation. */
export const listVolumes = (world: World, app: string | null) =>
  [...world.volumes.values()]
    .filter((volume) => app === null || volume.app === app)
    .map((volume) => show(world, volume));

const view = ({ id, app, name, region, createdAt }: PretendedVolume) => ({
  id,
  app_name: app,
  name,
  region,
  state: 'created',
  created_at: new Date(createdAt).toISOString(),
});

const show = (world: World, volume: PretendedVolume) => ({
  ...view(volume),
  attached_machine_id: holderOf(world, volume.id),
});

const holderOf = ({ machines }: World, volumeId: string): string | null =>
  [...machines.values()].find((machine) => machine.volumeId === volumeId && machine.endedAt === null)?.id ??
  null;
