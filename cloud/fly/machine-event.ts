import type { ProcessExit } from './machine-process';
import type { ExitEvent, MachineRecord } from './records';

/** Returns an event as Fly records it, without its id. */
export function event(
  type: string,
  status: string,
  source: 'user' | 'flyd',
  request: unknown = null,
  timestamp = Date.now(),
) {
  return { type, status, source, timestamp, request };
}

/**
 * Returns the payload of an exit event. Zero values are omitted. Half of the machines nest the payload under
 * MonitorEvent, like Fly.
 */
export function describeExit(machine: MachineRecord, exit: ProcessExit, restarting: boolean): unknown {
  const exitEvent: ExitEvent = { exited_at: new Date(exit.at).toISOString() };
  if (exit.code) exitEvent.exit_code = exit.code;
  if (exit.code > 128) exitEvent.signal = exit.code - 128;
  if (machine.requestedStop || machine.destroyRequested) exitEvent.requested_stop = true;
  if (restarting) exitEvent.restarting = true;
  const count = machine.restartCount ? { restart_count: machine.restartCount } : {};
  const nested = Number.parseInt(machine.id.slice(-1), 16) % 2 === 1;
  return nested ? { MonitorEvent: { exit_event: exitEvent }, ...count } : { exit_event: exitEvent, ...count };
}
