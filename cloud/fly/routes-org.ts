import { FlyError } from './fly-error';
import { stateAt, viewOrgMachine } from './machine-view';
import type { MachineRecord } from './records';
import { type Fly, ok, type Reply, type Request, type Route } from './route';
import { viewVolume } from './routes-volumes';

function pageSize(query: URLSearchParams): number {
  const limit = Number.parseInt(query.get('limit') ?? '100', 10);
  if (!(limit >= 1 && limit <= 1000))
    throw new FlyError(400, 'invalid_argument: limit must be inside range [1, 1000]');
  return limit;
}

function keep(fly: Fly, request: Request): (machine: MachineRecord) => boolean {
  const { query, asOf, params } = request;
  const states = query.get('state')?.split(',');
  const region = query.get('region');
  const after = Date.parse(query.get('updated_after') ?? '');
  const apps = new Set(
    [...fly.world.apps.values()].filter((app) => app.org === params.org).map((app) => app.name),
  );
  return (machine) => {
    const state = apps.has(machine.app) ? stateAt(machine, asOf) : null;
    if (state === null || (region && machine.region !== region)) return false;
    if (state === 'destroyed' && query.get('include_deleted') !== 'true') return false;
    if (!Number.isNaN(after) && machine.updatedAt <= after) return false;
    return !states || states.includes(state);
  };
}

function pageOf<T extends { id: string }>(found: T[], query: URLSearchParams) {
  const limit = pageSize(query);
  const cursor = Buffer.from(query.get('cursor') ?? '', 'base64url').toString();
  const rest = found.filter(({ id }) => id > cursor).sort((a, b) => (a.id < b.id ? -1 : 1));
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const next = last && rest.length > limit ? Buffer.from(last.id).toString('base64url') : '';
  return { page, next, last };
}

/** Lists an organisation's machines by id, so that pages neither repeat nor skip a machine that exists throughout. */
function listOrg(fly: Fly, request: Request): Reply {
  const { query, asOf } = request;
  const { page, next, last } = pageOf([...fly.world.machines.values()].filter(keep(fly, request)), query);
  return ok({
    machines: page.map((machine) => viewOrgMachine(machine, asOf, query.get('summary') === 'true')),
    next_cursor: next,
    last_machine_id: last?.id ?? '',
    last_updated_at: last ? new Date(last.updatedAt).toISOString() : '',
    error_regions: [],
  });
}

/** Lists an organisation's volumes. Removed volumes stay listed for a while as `pending_destroy`, like at Fly. */
function listOrgVolumes(fly: Fly, request: Request): Reply {
  const { query, asOf, params } = request;
  const found = [...fly.world.volumes.values()].filter(
    (volume) => fly.world.apps.get(volume.app)?.org === params.org && volume.createdAt <= asOf,
  );
  const { page, next, last } = pageOf(found, query);
  return ok({
    volumes: page.map((volume) => ({ ...viewVolume(volume), app_name: volume.app })),
    next_cursor: next,
    last_volume_id: last?.id ?? '',
    last_updated_at: '',
  });
}

export const orgRoutes: Route[] = [
  { method: 'GET', path: 'orgs/:org/machines', action: 'org.machines', run: listOrg },
  { method: 'GET', path: 'orgs/:org/volumes', action: 'org.volumes', run: listOrgVolumes },
];
