import { createMachine } from './create-machine';
import { FlyError } from './fly-error';
import { stateAt, viewEvents, viewMachine } from './machine-view';
import type { MachineRecord } from './records';
import {
  appOf,
  type Fly,
  fieldsOf,
  liveMachineOf,
  machineOf,
  ok,
  type Reply,
  type Request,
  type Route,
} from './route';
import { checkStopConfig } from './stop-request';
import { waitForState } from './wait-for-state';

const machine = 'apps/:app/machines/:machine';

function list(fly: Fly, request: Request): Reply {
  const app = appOf(fly, request);
  const { query, asOf } = request;
  const states = query.get('state')?.split(',');
  const region = query.get('region');
  const found = [...fly.world.machines.values()].filter((one) => {
    const state = one.app === app.name ? stateAt(one, asOf) : null;
    if (state === null || (region && one.region !== region)) return false;
    if (state === 'destroyed' && query.get('include_deleted') !== 'true') return false;
    return (!states || states.includes(state)) && hasMetadata(one, query);
  });
  return ok(found.map((one) => viewMachine(one, asOf, query.get('summary') === 'true')));
}

function hasMetadata(one: MachineRecord, query: URLSearchParams): boolean {
  for (const [name, value] of query) {
    if (name.startsWith('metadata.') && one.config.metadata?.[name.slice(9)] !== value) return false;
  }
  return true;
}

function start(fly: Fly, one: MachineRecord): Reply {
  const previous = one.state;
  if (previous === 'starting' || previous === 'started') {
    throw new FlyError(409, 'aborted: machine still attempting to start');
  }
  if (previous === 'stopping')
    throw new FlyError(412, 'failed_precondition: machine still active, refusing to start');
  if (previous !== 'stopped') {
    throw new FlyError(412, `failed_precondition: unable to start machine from current state: '${previous}'`);
  }
  one.skipLaunch = false;
  fly.life.begin(one);
  return ok({ previous_state: previous, migrated: false, new_host: '' });
}

function stop(fly: Fly, one: MachineRecord, body: unknown): Reply {
  const fields = fieldsOf(body, 'main.stopRequest', ['signal', 'timeout']);
  checkStopConfig(fields, 'stopRequest');
  if (['created', 'starting', 'started', 'stopping'].includes(one.state)) fly.life.stop(one, fields);
  return ok({ ok: true });
}

function destroy(fly: Fly, one: MachineRecord, query: URLSearchParams): Reply {
  const forced = query.get('force') === 'true' || query.get('kill') === 'true';
  if (!forced && !['stopped', 'failed', 'created', 'destroying'].includes(one.state)) {
    const text = 'unable to destroy machine, not currently stopped, suspended, failed or created';
    throw new FlyError(412, `failed_precondition: ${text}`);
  }
  fly.life.destroy(one);
  return ok({ ok: true });
}

function signal(fly: Fly, one: MachineRecord, body: unknown): Reply {
  const { signal: name } = fieldsOf(body, 'main.signalRequest', ['signal']);
  if (typeof name !== 'number' && !/^SIG[A-Z0-9]+$/.test(String(name))) {
    throw new FlyError(400, 'invalid_argument: invalid signal');
  }
  if (one.state !== 'started' && one.state !== 'stopping') {
    throw new FlyError(412, `failed_precondition: machine not running, currently ${one.state}`);
  }
  fly.life.signal(one, name as string | number);
  return ok({ ok: true });
}

function cordon(fly: Fly, request: Request, cordoned: boolean): Reply {
  const one = liveMachineOf(fly, request);
  one.cordoned = cordoned;
  fly.world.saveMachine(one);
  return ok({ ok: true });
}

function events(fly: Fly, request: Request): Reply {
  const limit = Number.parseInt(request.query.get('limit') ?? '20', 10);
  if (!(limit >= 1 && limit <= 50))
    throw new FlyError(400, 'invalid_argument: limit must be inside range [1, 50]');
  return ok(viewEvents(machineOf(fly, request), request.asOf, limit));
}

export const machineRoutes: Route[] = [
  {
    method: 'POST',
    path: 'apps/:app/machines',
    action: 'machine.create',
    limitBy: 'app',
    run: (fly, request) => ok(viewMachine(createMachine(fly, appOf(fly, request), request.body), Date.now())),
  },
  { method: 'GET', path: 'apps/:app/machines', action: 'machine.list', limitBy: 'app', run: list },
  {
    method: 'GET',
    path: machine,
    action: 'machine.get',
    limitBy: 'machine',
    run: (fly, request) => ok(viewMachine(machineOf(fly, request), request.asOf)),
  },
  {
    method: 'DELETE',
    path: machine,
    action: 'machine.delete',
    limitBy: 'machine',
    run: (fly, request) => destroy(fly, liveMachineOf(fly, request), request.query),
  },
  {
    method: 'POST',
    path: `${machine}/start`,
    action: 'machine.start',
    limitBy: 'machine',
    run: (fly, request) => start(fly, liveMachineOf(fly, request)),
  },
  {
    method: 'POST',
    path: `${machine}/stop`,
    action: 'machine.stop',
    limitBy: 'machine',
    run: (fly, request) => stop(fly, liveMachineOf(fly, request), request.body),
  },
  {
    method: 'POST',
    path: `${machine}/signal`,
    action: 'machine.signal',
    limitBy: 'machine',
    run: (fly, request) => signal(fly, liveMachineOf(fly, request), request.body),
  },
  {
    method: 'GET',
    path: `${machine}/wait`,
    action: 'machine.wait',
    limitBy: 'machine',
    run: async (fly, request) => ok(await waitForState(fly, machineOf(fly, request), request)),
  },
  { method: 'GET', path: `${machine}/events`, action: 'machine.events', limitBy: 'machine', run: events },
  {
    method: 'POST',
    path: `${machine}/cordon`,
    action: 'machine.cordon',
    limitBy: 'machine',
    run: (fly, request) => cordon(fly, request, true),
  },
  {
    method: 'POST',
    path: `${machine}/uncordon`,
    action: 'machine.uncordon',
    limitBy: 'machine',
    run: (fly, request) => cordon(fly, request, false),
  },
];
