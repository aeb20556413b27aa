import { FlyError } from './fly-error';
import type { MachineRecord } from './records';
import { type Fly, fieldsOf, machineOf, ok, type Reply, type Request, type Route } from './route';

const metadata = 'apps/:app/machines/:machine/metadata';

function change(fly: Fly, one: MachineRecord, values: Record<string, unknown>): Reply {
  const next = { ...one.config.metadata };
  for (const [key, value] of Object.entries(values)) {
    if (value === null || value === '') delete next[key];
    else if (typeof value === 'string') next[key] = value;
    else throw new FlyError(400, `invalid_argument: metadata value of '${key}' must be a string`);
  }
  one.config.metadata = next;
  one.updatedAt = Date.now();
  fly.world.saveMachine(one);
  return { status: 204 };
}

function changeMany(fly: Fly, request: Request, whole: boolean): Reply {
  const one = machineOf(fly, request);
  const fields = fieldsOf(request.body, 'main.metadataRequest', [
    'metadata',
    'machine_version',
    'updated_at',
  ]);
  if (!fields.metadata || typeof fields.metadata !== 'object') {
    throw new FlyError(400, 'invalid_argument: metadata is required');
  }
  if (fields.machine_version !== undefined && fields.machine_version !== one.instanceId) {
    throw new FlyError(412, 'failed_precondition: machine_version does not match the current version');
  }
  if (whole) one.config.metadata = {};
  return change(fly, one, fields.metadata as Record<string, unknown>);
}

export const metadataRoutes: Route[] = [
  {
    method: 'GET',
    path: metadata,
    action: 'metadata.get',
    limitBy: 'machine',
    run: (fly, request) => ok(machineOf(fly, request).config.metadata ?? {}),
  },
  {
    method: 'PATCH',
    path: metadata,
    action: 'metadata.change',
    limitBy: 'machine',
    run: (fly, request) => changeMany(fly, request, false),
  },
  {
    method: 'PUT',
    path: metadata,
    action: 'metadata.replace',
    limitBy: 'machine',
    run: (fly, request) => changeMany(fly, request, true),
  },
  {
    method: 'GET',
    path: `${metadata}/:key`,
    action: 'metadata.getKey',
    limitBy: 'machine',
    run(fly, request) {
      const value = machineOf(fly, request).config.metadata?.[request.params.key ?? ''];
      if (value === undefined) throw new FlyError(404, 'metadata key not found');
      return ok({ value });
    },
  },
  {
    method: 'POST',
    path: `${metadata}/:key`,
    action: 'metadata.setKey',
    limitBy: 'machine',
    run(fly, request) {
      const { value } = fieldsOf(request.body, 'main.metadataValue', ['value', 'updated_at']);
      return change(fly, machineOf(fly, request), { [request.params.key ?? '']: value });
    },
  },
  {
    method: 'DELETE',
    path: `${metadata}/:key`,
    action: 'metadata.deleteKey',
    limitBy: 'machine',
    run: (fly, request) => change(fly, machineOf(fly, request), { [request.params.key ?? '']: null }),
  },
];
