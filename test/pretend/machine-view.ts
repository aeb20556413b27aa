import type { Pretended } from './machines-api';

/** Returns a simulated machine in the format of the Machines API; listings leave the events out. */
export function machineView(machine: Pretended, withEvents: boolean) {
  const { id, app, runId, sessionId, startedAt, endedAt } = machine;
  const event = (type: string, status: string, timestamp: number, request: unknown = null) => ({
    id: `${id}-${type}`,
    type,
    status,
    timestamp,
    request,
  });
  const exit = { exit_event: { exit_code: 0, requested_stop: true } };
  const events = [
    ...(startedAt === null ? [] : [event('start', 'started', startedAt)]),
    ...(endedAt === null || startedAt === null ? [] : [event('exit', 'stopped', endedAt, exit)]),
    ...(endedAt === null ? [] : [event('destroy', 'destroyed', endedAt)]),
  ];
  return {
    id,
    app_name: app,
    name: `run-${runId}`,
    state: endedAt !== null ? 'destroyed' : startedAt === null ? 'created' : 'started',
    region: 'iad',
    created_at: new Date(machine.createdAt).toISOString(),
    host_status: 'ok',
    config: {
      metadata: { hourglass_env: 'dev', hourglass_run: runId, hourglass_session: sessionId },
    },
    ...(withEvents ? { events: events.reverse() } : {}),
  };
}
