import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { newUlid, newVolumeId } from './ids';
import { event } from './machine-event';
import type { MachineRecord } from './records';
import type { Fly } from './route';
import type { World } from './world';

/** Changes to hosts and their machines that only tests make, never the API. */

/** Makes the machine's host unreachable: the machine keeps running, and the API shows its state as of its last change. */
export function cutOff({ world }: Fly, machine: MachineRecord): void {
  const known = [machine.createdAt, ...machine.history.map(({ at }) => at)];
  machine.cutOffAt ??= Math.max(...known, ...machine.events.map(({ timestamp }) => timestamp));
  world.saveMachine(machine);
}

/** Makes the host reachable again. The API then shows all changes made meanwhile. */
export function rejoin({ world }: Fly, machine: MachineRecord): void {
  machine.cutOffAt = null;
  world.saveMachine(machine);
  world.changes.emit('change', machine);
}

/** Loses the host for good, with the machine, its volume and its events. Only the control API still lists the machine. */
export function loseHost({ world, life }: Fly, machine: MachineRecord): void {
  machine.lost = true;
  for (const volume of [...world.volumes.values()])
    if (volume.attachedMachineId === machine.id) world.removeVolume(volume.id);
  life.destroy(machine);
}

/**
 * Starts a machine on its new host after its end on the old one. The id stays; volume id, address and version are
 * new. With `forget` the events and the creation time start anew.
 */
export function arrive(world: World, machine: MachineRecord, forget: boolean): void {
  const now = Date.now();
  forkVolume(world, machine, now);
  machine.instanceId = newUlid(now);
  machine.privateIp = machine.privateIp.replace(
    /:(\w+)$/,
    (_, last: string) => `:${Number.parseInt(last, 16) + 1}`,
  );
  if (forget) Object.assign(machine, { events: [], createdAt: now, history: [] });
  world.move(machine, 'created', event('launch', 'created', 'flyd', null, now));
}

function forkVolume(world: World, machine: MachineRecord, now: number): void {
  const mount = machine.config.mounts?.[0];
  const old = mount && world.volumes.get(mount.volume);
  if (!mount || !old) return;
  const fork = { ...old, id: newVolumeId(), createdAt: now };
  const data = join(world.volumeStore.dirOf(fork.id), 'data');
  mkdirSync(data, { recursive: true });
  cpSync(join(world.volumeStore.dirOf(old.id), 'data'), data, { recursive: true });
  world.saveVolume(fork);
  Object.assign(old, { state: 'pending_destroy', deletedAt: now, attachedMachineId: null });
  world.saveVolume(old);
  machine.config = { ...machine.config, mounts: [{ ...mount, volume: fork.id }] };
}
