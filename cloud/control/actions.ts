import { type Fault, type FaultKind, faultKinds } from '../fly/faults';
import { cutOff, loseHost, rejoin } from '../fly/hosts';
import { readMainPid } from '../fly/machine-process';
import { sendSignal } from '../fly/process-table';
import type { BehaviourKind, MachineRecord } from '../fly/records';
import { deleteApp } from '../fly/routes-apps';
import type { StartedFly } from '../fly/server';
import type { ControlOptions } from './server';

export class ControlError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const behaviourKinds: BehaviourKind[] = [
  'normal',
  'silent',
  'stubborn',
  'crash',
  'stuck_created',
  'slow_boot',
];

/** Returns a machine from the provider's own records, which no fault of the API affects. */
function describeMachine(fly: StartedFly, machine: MachineRecord) {
  const { id, name, app, state, region, createdAt, port, intervals, behaviour, cordoned, events } = machine;
  return {
    id,
    name,
    app,
    state,
    region,
    metadata: machine.config.metadata ?? {},
    createdAt,
    pid: machine.process ? readMainPid(fly.world.machineStore.dirOf(id)) : null,
    groupId: machine.process?.groupId ?? null,
    port,
    intervals,
    lost: machine.lost ?? false,
    exit: events.findLast(({ type }) => type === 'exit') ?? null,
    behaviour,
    cordoned,
    dir: fly.world.machineStore.dirOf(id),
  };
}

/** Runs one call of the control API and returns its result. Throws ControlError. */
export function control(
  options: ControlOptions,
  method: string,
  url: URL,
  input: Record<string, unknown>,
): unknown {
  const { fly, mail } = options;
  const call = `${method} ${url.pathname}`;
  const [, id, deed] = /^POST \/control\/machines\/(\w+)\/(kill|host|migrate)$/.exec(call) ?? [];
  if (id && deed) return actOn(fly, id, deed, input);
  if (call === 'GET /control/machines')
    return [...fly.world.machines.values()].map((one) => describeMachine(fly, one));
  if (call === 'GET /control/apps') return [...fly.world.apps.keys()];
  if (call === 'GET /control/volumes')
    return [...fly.world.volumes.values()].map(({ id, app, name, state }) => ({ id, app, name, state }));
  if (call === 'GET /control/calls') return fly.calls.since(Number(url.searchParams.get('since') ?? 0));
  if (call === 'GET /control/mail') return mail?.store.list(url.searchParams.get('to') ?? undefined) ?? [];
  if (call === 'GET /control/faults') return fly.faults.list();
  if (call === 'POST /control/behaviour') return setBehaviour(fly, input);
  if (call === 'POST /control/faults') return addFault(fly, input);
  if (call === 'DELETE /control/faults' || call === 'POST /control/faults/clear') {
    fly.faults.clear();
    return { ok: true };
  }
  if (call === 'POST /control/reset') return reset(options);
  throw new ControlError(404, `The control API has no ${call}.`);
}

/** Sets the behaviour of machines created from now on. Without `match` it replaces every earlier rule. */
function setBehaviour(fly: StartedFly, input: Record<string, unknown>) {
  const kind = input.kind as BehaviourKind;
  if (!behaviourKinds.includes(kind)) {
    throw new ControlError(400, `kind must be one of ${behaviourKinds.join(', ')}.`);
  }
  const match = (input.match ?? {}) as { name?: string; app?: string };
  const bootDelayMs = input.bootDelayMs === undefined ? undefined : Number(input.bootDelayMs);
  if (!match.name && !match.app) fly.world.behaviours = [];
  fly.world.behaviours.push({
    match,
    behaviour: { kind, ...(bootDelayMs === undefined ? {} : { bootDelayMs }) },
  });
  return { ok: true };
}

function addFault(fly: StartedFly, input: Record<string, unknown>) {
  if (!faultKinds.includes(input.kind as FaultKind)) {
    throw new ControlError(400, `kind must be one of ${faultKinds.join(', ')}.`);
  }
  const fault = { ...input } as unknown as Fault;
  for (const name of ['status', 'latencyMs', 'times', 'forMs'] as const) {
    if (fault[name] !== undefined) fault[name] = Number(fault[name]);
  }
  try {
    return { id: fly.faults.add(fault) };
  } catch {
    throw new ControlError(400, `path is not a regular expression: ${String(fault.path)}`);
  }
}

function actOn(fly: StartedFly, id: string, deed: string, input: Record<string, unknown>) {
  const machine = fly.world.machines.get(id);
  if (!machine) throw new ControlError(404, `There is no machine ${id}.`);
  if (deed === 'kill') return kill(fly, machine, input);
  return deed === 'host' ? setHost(fly, machine, input.state) : migrate(fly, machine, input);
}

/** Changes the state of the machine's host: `unreachable`, `ok` again, or `lost` for good. */
function setHost(fly: StartedFly, machine: MachineRecord, state: unknown) {
  if (state === 'unreachable') cutOff(fly, machine);
  else if (state === 'ok') rejoin(fly, machine);
  else if (state === 'lost') loseHost(fly, machine);
  else throw new ControlError(400, 'state must be one of ok, unreachable, lost.');
  return { ok: true };
}

/** Moves a running machine to another host. With `forget` its list of events starts empty there. Throws ControlError 409. */
function migrate(fly: StartedFly, machine: MachineRecord, input: Record<string, unknown>) {
  if (machine.state !== 'started')
    throw new ControlError(
      409,
      `Machine ${machine.id} is ${machine.state}, and only one that runs can move.`,
    );
  fly.life.migrate(machine, input.forget === true || input.forget === 'true');
  return { ok: true };
}

/** Kills the machine's main process without the API, like a crash of the host. Throws ControlError 409 without a process. */
function kill(fly: StartedFly, machine: MachineRecord, input: Record<string, unknown>) {
  const { id } = machine;
  const pid = machine.process && readMainPid(fly.world.machineStore.dirOf(id));
  if (!pid || !sendSignal(pid, (input.signal as NodeJS.Signals) ?? 'SIGKILL')) {
    throw new ControlError(409, `Machine ${id} has no running process.`);
  }
  return { ok: true, pid };
}

function reset({ fly, mail }: ControlOptions) {
  fly.faults.clear();
  fly.calls.clear();
  fly.world.behaviours = [];
  for (const app of [...fly.world.apps.values()]) deleteApp(fly, app);
  mail?.store.clear();
  return { ok: true };
}
