import { z } from 'zod';
import type { Machine, MachineEvent, MachineState } from '../machines';

/** Parses answers of the provider leniently: every field may be missing, every enum may grow. */

const text = z.string().catch('');
const metadata = z.record(z.string(), z.string()).catch({});
const event = z
  .object({ id: text, type: text, status: text, timestamp: z.number().catch(0), request: z.unknown() })
  .loose();
const machine = z
  .object({
    id: text,
    name: text,
    state: text,
    region: text,
    created_at: text,
    host_status: text,
    app_name: text,
    events: z.array(event).nullish().catch([]),
    config: z.object({ metadata }).loose().nullish().catch(null),
    incomplete_config: z.object({ metadata }).loose().nullish().catch(null),
  })
  .loose();

const STATES: Record<string, MachineState> = {
  created: 'created',
  creating: 'created',
  starting: 'starting',
  started: 'started',
  restarting: 'started',
  updating: 'started',
  replacing: 'started',
  suspending: 'stopping',
  stopping: 'stopping',
  stopped: 'stopped',
  suspended: 'stopped',
  failed: 'failed',
  launch_failed: 'failed',
  destroying: 'destroying',
  destroyed: 'destroyed',
};

/** Returns a machine in the port's shape, or null when the answer is not one. An unrecognised state is `unknown`. */
export function readMachine(raw: unknown, app: string): Machine | null {
  const parsed = machine.safeParse(raw);
  if (!parsed.success || parsed.data.id === '') return null;
  const { data } = parsed;
  const tags = data.config?.metadata ?? data.incomplete_config?.metadata ?? {};
  return {
    id: data.id,
    app: data.app_name || app,
    name: data.name,
    state: STATES[data.state] ?? 'unknown',
    region: data.region,
    createdAt: Date.parse(data.created_at) || 0,
    runId: tags.hourglass_run ?? null,
    sessionId: tags.hourglass_session ?? null,
    environmentId: tags.hourglass_env ?? null,
    installationId: tags.hourglass_installation ?? null,
    events: readEvents(data.events ?? []),
    hostReachable: data.host_status === '' || data.host_status === 'ok',
  };
}

/** Returns events once per id, oldest first, whatever their order and repetition. */
function readEvents(raw: z.infer<typeof event>[]): MachineEvent[] {
  const byId = new Map<string, MachineEvent>();
  for (const item of raw) {
    if (item.id === '' || item.timestamp === 0) continue;
    byId.set(item.id, { id: item.id, type: typeOf(item), at: item.timestamp, ...exitOf(item.request) });
  }
  return [...byId.values()].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

function typeOf(item: { type: string; status: string }): MachineEvent['type'] {
  if (item.type === 'start') return item.status === 'started' ? 'start' : 'other';
  if (item.type === 'exit' || item.type === 'launch') return item.type;
  if (item.type === 'destroy') return item.status === 'destroyed' ? 'destroy' : 'other';
  return 'other';
}

type Exit = { exit_code?: number; requested_stop?: boolean; oom_killed?: boolean };

/** The exit is in `request.MonitorEvent.exit_event` or `request.exit_event`; zero values are left out. */
function exitOf(request: unknown): Partial<MachineEvent> {
  const outer = (request ?? {}) as { exit_event?: Exit; MonitorEvent?: { exit_event?: Exit } };
  const exit = outer.MonitorEvent?.exit_event ?? outer.exit_event;
  if (!exit) return {};
  return {
    exitCode: exit.exit_code ?? 0,
    requestedStop: exit.requested_stop ?? false,
    outOfMemory: exit.oom_killed ?? false,
  };
}
