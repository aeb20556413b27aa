import { checkMachineConfig } from './check-machine-config';
import { FlyError } from './fly-error';
import { newMachineId, newUlid } from './ids';
import { event } from './machine-event';
import type { AppRecord, MachineConfig, MachineRecord } from './records';
import { pickRegion } from './regions';
import { type Fly, fieldsOf } from './route';

const createFields =
  'name region config skip_launch skip_service_registration lease_ttl min_secrets_version skip_secrets'.split(
    ' ',
  );

function checkName(fly: Fly, app: string, value: unknown, id: string): string {
  if (value === undefined || value === '') return `machine-${id.slice(0, 8)}`;
  if (typeof value !== 'string' || !/^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$/.test(value)) {
    throw new FlyError(400, 'invalid_argument: invalid machine name');
  }
  for (const other of fly.world.machines.values()) {
    if (other.app !== app || other.name !== value || other.state === 'destroyed') continue;
    throw new FlyError(
      409,
      `already_exists: unique machine name violation, machine ID ${other.id} already exists with name "${value}"`,
    );
  }
  return value;
}

/** Returns the volume a machine mounts, which must be free and in the same region; null without a mount. Throws 400 or 412. */
function checkMount(fly: Fly, app: string, config: MachineConfig) {
  const mount = config.mounts?.[0];
  if (!mount) return null;
  if (!mount.path) throw new FlyError(400, 'invalid_argument: config.mounts[].path is required');
  const volume = fly.world.volumes.get(mount.volume);
  if (!volume || volume.app !== app || volume.state !== 'created')
    throw new FlyError(400, 'volume not found');
  if (volume.attachedMachineId) {
    const text = `failed_precondition: volume already claimed by machine ${volume.attachedMachineId}`;
    throw new FlyError(412, text);
  }
  return volume;
}

function privateIp(id: string): string {
  return `fdaa:0:${id.slice(0, 4)}:a7b:${id.slice(4, 8)}:${id.slice(8, 12)}:${id.slice(12)}:2`;
}

function blankRecord() {
  const now = Date.now();
  return {
    state: 'created' as const,
    instanceId: newUlid(now),
    createdAt: now,
    updatedAt: now,
    events: [],
    history: [{ state: 'created' as const, at: now }],
    intervals: [],
    port: null,
    process: null,
    restartCount: 0,
    requestedStop: false,
    destroyRequested: false,
    killAt: null,
    lease: null,
  };
}

/** Checks the request, records the machine, claims its volume and starts its launch. Returns the machine. Throws 400 or 412. */
export function createMachine(fly: Fly, app: AppRecord, body: unknown): MachineRecord {
  const fields = fieldsOf(body, 'fly.CreateMachineRequest', createFields);
  const config = checkMachineConfig(fields.config);
  const id = newMachineId();
  const name = checkName(fly, app.name, fields.name, id);
  const volume = checkMount(fly, app.name, config);
  const asked = fields.region as string | undefined;
  const region = volume && !asked ? volume.region : pickRegion(asked);
  if (!region) throw new FlyError(400, `invalid_argument: region '${asked}' not found`);
  if (volume && volume.region !== region) {
    throw new FlyError(
      400,
      `invalid_argument: volume ${volume.id} is in region ${volume.region}, not ${region}`,
    );
  }
  const machine: MachineRecord = {
    ...blankRecord(),
    id,
    name,
    app: app.name,
    region,
    privateIp: privateIp(id),
    config,
    behaviour: fly.world.behaviourFor(app.name, name),
    skipLaunch: fields.skip_launch === true,
    cordoned: fields.skip_service_registration === true,
  };
  fly.world.move(machine, 'created', event('launch', 'created', 'user', null, machine.createdAt));
  if (volume) {
    volume.attachedMachineId = id;
    fly.world.saveVolume(volume);
  }
  fly.life.launch(machine);
  return machine;
}
