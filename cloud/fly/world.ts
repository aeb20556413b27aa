import { EventEmitter } from 'node:events';
import { existsSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newUlid } from './ids';
import type {
  AppRecord,
  Behaviour,
  MachineEvent,
  MachineRecord,
  MachineState,
  VolumeRecord,
} from './records';
import { RecordStore } from './store';

export interface Delays {
  /** Time in `created`, which stands for the pull of the image. */
  createdMs: number;
  startingMs: number;
  destroyMs: number;
  /** How long a volume stays claimed after its machine is destroyed. */
  releaseVolumeMs: number;
  restartMs: number;
  /** How long a moved machine runs on neither host. */
  moveMs: number;
}

export const defaultDelays: Delays = {
  createdMs: 40,
  startingMs: 20,
  destroyMs: 30,
  releaseVolumeMs: 50,
  restartMs: 100,
  moveMs: 500,
};

const keepDestroyedMs = 48 * 3_600_000;
const keepDeletedVolumeMs = 24 * 3_600_000;

/** Apps, machines and volumes of the local cloud, saved to disk as they change. Emits `change` with the machine. */
export class World {
  readonly changes = new EventEmitter().setMaxListeners(0);
  readonly apps: Map<string, AppRecord>;
  readonly machines: Map<string, MachineRecord>;
  readonly volumes: Map<string, VolumeRecord>;
  readonly machineStore: RecordStore<MachineRecord>;
  readonly volumeStore: RecordStore<VolumeRecord>;
  private readonly appStore: RecordStore<AppRecord>;
  behaviours: Array<{ match: { name?: string; app?: string }; behaviour: Behaviour }> = [];

  constructor(
    readonly dir: string,
    readonly delays: Delays,
    readonly machineCommand: string,
  ) {
    this.appStore = new RecordStore(join(dir, 'apps'));
    this.machineStore = new RecordStore(join(dir, 'machines'));
    this.volumeStore = new RecordStore(join(dir, 'volumes'));
    this.apps = this.appStore.load();
    this.machines = this.machineStore.load();
    this.volumes = this.volumeStore.load();
    this.prune();
  }

  saveApp(app: AppRecord): void {
    this.apps.set(app.name, app);
    this.appStore.save(app.name, app);
  }

  removeApp(name: string): void {
    this.apps.delete(name);
    this.appStore.remove(name);
  }

  saveMachine(machine: MachineRecord): void {
    this.machines.set(machine.id, machine);
    this.machineStore.save(machine.id, machine);
  }

  removeMachine(id: string): void {
    this.machines.delete(id);
    this.machineStore.remove(id);
  }

  saveVolume(volume: VolumeRecord): void {
    this.volumes.set(volume.id, volume);
    this.volumeStore.save(volume.id, volume);
  }

  removeVolume(id: string): void {
    this.volumes.delete(id);
    this.volumeStore.remove(id);
  }

  /** Moves a machine to a state, adds its event, saves it, and notifies waiting calls. */
  move(machine: MachineRecord, state: MachineState, event?: Omit<MachineEvent, 'id'>): void {
    const at = event?.timestamp ?? Date.now();
    if (machine.state !== state) machine.history.push({ state, at });
    machine.state = state;
    machine.updatedAt = Date.now();
    if (event) machine.events.push({ id: newUlid(event.timestamp), ...event });
    if (machine.events.length > 200) machine.events.splice(0, machine.events.length - 200);
    this.saveMachine(machine);
    this.changes.emit('change', machine);
  }

  /** Returns the behaviour of a machine to create. The last matching rule wins. */
  behaviourFor(app: string, name: string): Behaviour {
    const rule = this.behaviours.findLast(
      ({ match }) => (!match.app || match.app === app) && (!match.name || match.name === name),
    );
    return rule?.behaviour ?? { kind: 'normal' };
  }

  /** Records this instant as the last one at which the cloud was running. */
  markWatching(): void {
    const path = join(this.dir, 'watching');
    if (!existsSync(path)) writeFileSync(path, '');
    const now = new Date();
    utimesSync(path, now, now);
  }

  /** Returns the last instant at which an earlier cloud ran on this directory, in milliseconds; now without an earlier cloud. */
  lastWatchingAt(): number {
    const path = join(this.dir, 'watching');
    return existsSync(path) ? Math.floor(statSync(path).mtimeMs) : Date.now();
  }

  private prune(): void {
    const now = Date.now();
    for (const machine of [...this.machines.values()]) {
      if (machine.state === 'destroyed' && now - machine.updatedAt > keepDestroyedMs) {
        this.removeMachine(machine.id);
      }
    }
    for (const volume of [...this.volumes.values()]) {
      if (volume.deletedAt !== null && now - volume.deletedAt > keepDeletedVolumeMs)
        this.removeVolume(volume.id);
    }
  }
}
