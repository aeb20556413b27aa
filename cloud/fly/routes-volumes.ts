import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FlyError } from './fly-error';
import { newVolumeId } from './ids';
import type { VolumeRecord } from './records';
import { pickRegion } from './regions';
import { appOf, type Fly, fieldsOf, ok, type Reply, type Request, type Route, volumeOf } from './route';

const createFields =
  'name region size_gb encrypted fstype snapshot_id source_volume_id snapshot_retention auto_backup_enabled require_unique_zone unique_zone_app_wide compute compute_image'.split(
    ' ',
  );

/** Returns a volume in the API's format. */
export function viewVolume(volume: VolumeRecord) {
  return {
    id: volume.id,
    name: volume.name,
    state: volume.state,
    size_gb: volume.sizeGb,
    region: volume.region,
    zone: 'local',
    encrypted: volume.encrypted,
    attached_machine_id: volume.attachedMachineId,
    attached_alloc_id: null,
    created_at: new Date(volume.createdAt).toISOString(),
    fstype: 'ext4',
    snapshot_retention: volume.snapshotRetention,
    auto_backup_enabled: true,
    host_status: 'ok',
    type: 'local',
    bytes_total: volume.sizeGb * 2 ** 30,
    bytes_used: 0,
  };
}

function sizeOf(value: unknown, least: number): number {
  if (!Number.isInteger(value) || Number(value) < least || Number(value) > 500) {
    throw new FlyError(400, `invalid_argument: size_gb must be a whole number inside range [${least}, 500]`);
  }
  return Number(value);
}

function create(fly: Fly, request: Request): Reply {
  const app = appOf(fly, request);
  const fields = fieldsOf(request.body, 'fly.CreateVolumeRequest', createFields);
  if (typeof fields.name !== 'string' || !/^[a-z0-9_]{1,30}$/.test(fields.name)) {
    const text = 'volume name must be at most 30 lowercase letters, numbers and underscores';
    throw new FlyError(400, `invalid_argument: ${text}`);
  }
  const region = String(fields.region ?? '');
  if (pickRegion(region) !== region)
    throw new FlyError(400, `invalid_argument: region '${region}' not found`);
  const volume: VolumeRecord = {
    id: newVolumeId(),
    app: app.name,
    name: fields.name,
    region,
    state: 'created',
    sizeGb: sizeOf(fields.size_gb ?? 3, 1),
    encrypted: fields.encrypted !== false,
    attachedMachineId: null,
    snapshotRetention: Number(fields.snapshot_retention ?? 5),
    createdAt: Date.now(),
    deletedAt: null,
  };
  mkdirSync(join(fly.world.volumeStore.dirOf(volume.id), 'data'), { recursive: true });
  fly.world.saveVolume(volume);
  return ok(viewVolume(volume));
}

function remove(fly: Fly, request: Request): Reply {
  const volume = volumeOf(fly, request);
  if (volume.attachedMachineId) {
    const text = `volume is currently bound to machine: ${volume.attachedMachineId}`;
    throw new FlyError(412, `failed_precondition: ${text}`);
  }
  volume.state = 'pending_destroy';
  volume.deletedAt ??= Date.now();
  fly.world.saveVolume(volume);
  return ok(viewVolume(volume));
}

function extend(fly: Fly, request: Request): Reply {
  const volume = volumeOf(fly, request);
  const { size_gb: size } = fieldsOf(request.body, 'fly.ExtendVolumeRequest', ['size_gb']);
  volume.sizeGb = sizeOf(size, volume.sizeGb);
  fly.world.saveVolume(volume);
  return ok({ volume: viewVolume(volume), needs_restart: false });
}

export const volumeRoutes: Route[] = [
  { method: 'POST', path: 'apps/:app/volumes', action: 'volume.create', limitBy: 'app', run: create },
  {
    method: 'GET',
    path: 'apps/:app/volumes',
    action: 'volume.list',
    limitBy: 'app',
    run(fly, request) {
      const app = appOf(fly, request);
      const found = [...fly.world.volumes.values()].filter(
        (volume) => volume.app === app.name && volume.createdAt <= request.asOf,
      );
      return ok(found.map(viewVolume));
    },
  },
  {
    method: 'GET',
    path: 'apps/:app/volumes/:volume',
    action: 'volume.get',
    limitBy: 'volume',
    run: (fly, request) => ok(viewVolume(volumeOf(fly, request))),
  },
  {
    method: 'DELETE',
    path: 'apps/:app/volumes/:volume',
    action: 'volume.delete',
    limitBy: 'volume',
    run: remove,
  },
  {
    method: 'PUT',
    path: 'apps/:app/volumes/:volume/extend',
    action: 'volume.extend',
    limitBy: 'volume',
    run: extend,
  },
];
