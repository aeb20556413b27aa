import { FlyError } from './fly-error';
import { stateAt, viewOrgMachine } from './machine-view';
import type { MachineRecord } from './records';
import { type Fly, ok, type Reply, type Request, type Route } from './route';

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

/** Ordered by id, so that a page never repeats or skips a machine that lives through the whole listing. */
function listOrg(fly: Fly, request: Request): Reply {
  const { query, asOf } = request;
  const limit = pageSize(query);
  const cursor = Buffer.from(query.get('cursor') ?? '', 'base64url').toString();
  const found = [...fly.world.machines.values()]
    .filter((machine) => machine.id > cursor)
    .filter(keep(fly, request))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return ok({
    machines: page.map((machine) => viewOrgMachine(machine, asOf, query.get('summary') === 'true')),
    next_cursor: last && found.length > limit ? Buffer.from(last.id).toString('base64url') : '',
    last_machine_id: last?.id ?? '',
    last_updated_at: last ? new Date(last.updatedAt).toISOString() : '',
    error_regions: [],
  });
}

export const orgRoutes: Route[] = [
  { method: 'GET', path: 'orgs/:org/machines', action: 'org.machines', run: listOrg },
];
