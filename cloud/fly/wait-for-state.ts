import { FlyError } from './fly-error';
import type { MachineRecord, MachineState } from './records';
import type { Fly, Request } from './route';

const resting: MachineState[] = ['created', 'started', 'stopped', 'failed', 'destroyed'];
const waitable = ['started', 'stopped', 'suspended', 'destroyed', 'failed', 'settled'];

function wantedStates(query: URLSearchParams): string[] {
  const states = query
    .getAll('state')
    .flatMap((text) => text.split(','))
    .filter(Boolean);
  for (const state of states) {
    if (!waitable.includes(state)) throw new FlyError(400, `invalid_argument: invalid wait state '${state}'`);
  }
  return states.length > 0 ? states : ['started'];
}

function timeoutMs(query: URLSearchParams): number {
  const seconds = Number.parseInt(query.get('timeout') ?? '60', 10);
  if (!(seconds >= 1 && seconds <= 60)) {
    const text = 'invalid WaitMachineRequest.Timeout: value must be inside range [1s, 1m0s]';
    throw new FlyError(400, `invalid_argument: ${text}`);
  }
  return seconds * 1000;
}

/**
 * Waits until the machine is in one of the requested states. Throws 400 for a timeout outside 1 to 60 s, 404 for a
 * machine destroyed unexpectedly, and 408 after the timeout.
 */
export async function waitForState(fly: Fly, machine: MachineRecord, request: Request): Promise<unknown> {
  const wanted = wantedStates(request.query);
  const ms = timeoutMs(request.query);
  const version = request.query.get('version') ?? request.query.get('instance_id');
  if (version && version !== machine.instanceId) {
    const text = `machine failed to reach desired state, ${wanted.join(', ')}, currently replaced`;
    throw new FlyError(408, `deadline_exceeded: ${text}`);
  }
  const after = request.query.get('from_event_id');
  const moved = () => !after || (machine.events.at(-1)?.id ?? '') > after;
  const reached = () =>
    (wanted.includes(machine.state) || (wanted.includes('settled') && resting.includes(machine.state))) &&
    moved();
  const over = () => reached() || machine.state === 'destroyed';
  if (!over()) await nextChange(fly, machine, over, ms, request.signal);
  if (reached()) return answer(machine);
  if (machine.state === 'destroyed') throw new FlyError(404, 'machine not found');
  const text = `machine failed to reach desired state, ${wanted.join(', ')}, currently ${machine.state}`;
  throw new FlyError(408, `deadline_exceeded: ${text}`);
}

function answer(machine: MachineRecord) {
  return { ok: true, state: machine.state, event_id: machine.events.at(-1)?.id, version: machine.instanceId };
}

/** Resolves when `over` holds after a change, after `ms` milliseconds, or when the caller closes the connection. */
function nextChange(
  fly: Fly,
  machine: MachineRecord,
  over: () => boolean,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      fly.world.changes.off('change', onChange);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const onChange = (changed: MachineRecord) => {
      if (changed.id === machine.id && over()) end();
    };
    const timer = setTimeout(end, ms);
    fly.world.changes.on('change', onChange);
    signal.addEventListener('abort', end);
  });
}
