import { randomUUID } from 'node:crypto';
import { FlyError } from './fly-error';
import type { AppRecord } from './records';
import { regions } from './regions';
import { appOf, type Fly, fieldsOf, ok, type Route } from './route';

const createFields = ['app_name', 'name', 'org_slug', 'network', 'enable_subdomains', 'app_role_id'];

function viewApp(fly: Fly, app: AppRecord) {
  const machines = [...fly.world.machines.values()].filter(
    (machine) => machine.app === app.name && machine.state !== 'destroyed',
  );
  const volumes = [...fly.world.volumes.values()].filter(
    (volume) => volume.app === app.name && volume.state === 'created',
  );
  return {
    id: app.id,
    name: app.name,
    network: app.network,
    status: machines.length > 0 ? 'deployed' : 'pending',
    machine_count: machines.length,
    volume_count: volumes.length,
    organization: { name: app.org, slug: app.org },
  };
}

function checkName(name: unknown): string {
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,61}$/.test(name)) {
    throw new FlyError(
      422,
      'Validation failed: Name may only contain numbers, lowercase letters and dashes and must be less than 63 characters',
    );
  }
  return name;
}

function createApp(fly: Fly, body: unknown): AppRecord {
  const fields = fieldsOf(body, 'main.createAppRequest', createFields);
  const name = checkName(fields.app_name ?? fields.name);
  if (typeof fields.org_slug !== 'string' || fields.org_slug === '') {
    throw new FlyError(400, 'invalid_argument: org_slug is required');
  }
  const network = fields.network === undefined ? 'default' : String(fields.network);
  if (!/^[a-zA-Z][a-zA-Z0-9-]*$/.test(network))
    throw new FlyError(422, 'Validation failed: Network is invalid');
  if (fly.world.apps.has(name)) {
    throw new FlyError(422, 'Validation failed: Name has already been taken', 'name_taken');
  }
  const app = { id: randomUUID(), name, org: fields.org_slug, network, createdAt: Date.now() };
  fly.world.saveApp(app);
  return app;
}

/** Removes an app with all its machines and volumes. */
export function deleteApp(fly: Fly, app: AppRecord): void {
  for (const machine of fly.world.machines.values()) if (machine.app === app.name) fly.life.destroy(machine);
  for (const volume of [...fly.world.volumes.values()]) {
    if (volume.app !== app.name) continue;
    volume.state = 'pending_destroy';
    volume.deletedAt ??= Date.now();
    fly.world.saveVolume(volume);
  }
  fly.world.removeApp(app.name);
}

export const appRoutes: Route[] = [
  {
    method: 'POST',
    path: 'apps',
    action: 'app.create',
    run(fly, { body }) {
      const app = createApp(fly, body);
      return { status: 201, body: { id: app.id, created_at: app.createdAt } };
    },
  },
  {
    method: 'GET',
    path: 'apps',
    action: 'app.list',
    run(fly, { query }) {
      const org = query.get('org_slug');
      if (!org) throw new FlyError(400, 'invalid_argument: org_slug is required');
      const apps = [...fly.world.apps.values()]
        .filter((app) => app.org === org)
        .map((app) => viewApp(fly, app));
      return ok({ total_apps: apps.length, apps });
    },
  },
  {
    method: 'GET',
    path: 'apps/:app',
    action: 'app.get',
    run: (fly, request) => ok(viewApp(fly, appOf(fly, request))),
  },
  {
    method: 'DELETE',
    path: 'apps/:app',
    action: 'app.delete',
    limitBy: 'app',
    run(fly, request) {
      const app = appOf(fly, request);
      const busy = [...fly.world.machines.values()].some(
        (machine) =>
          machine.app === app.name && ['created', 'starting', 'started', 'stopping'].includes(machine.state),
      );
      if (busy && request.query.get('force') !== 'true') {
        throw new FlyError(412, 'failed_precondition: app has machines that are not stopped, use force');
      }
      deleteApp(fly, app);
      return { status: 202 };
    },
  },
  {
    method: 'GET',
    path: 'platform/regions',
    action: 'platform.regions',
    run: () =>
      ok({
        Regions: regions.map(([code, name, geo, latitude, longitude]) => ({
          code,
          name,
          latitude,
          longitude,
          gateway_available: true,
          requires_paid_plan: false,
          deprecated: false,
          geo_region: geo,
        })),
        Nearest: 'iad',
      }),
  },
];
