import type { MachineEvent, MachineRecord, MachineState } from './records';

const seconds = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** Returns the instant whose state reads show: an unreachable host hides later changes. */
const knownAt = (machine: MachineRecord, asOf: number): number => Math.min(asOf, machine.cutOffAt ?? asOf);

/** Returns the state that a read as of `asOf` shows; `null` when the machine did not exist yet, or is lost. */
export function stateAt(machine: MachineRecord, asOf: number): MachineState | null {
  if (machine.lost || machine.createdAt > asOf) return null;
  return machine.history.findLast(({ at }) => at <= knownAt(machine, asOf))?.state ?? 'created';
}

/** Returns the events, newest first as Fly lists them. */
export function viewEvents(machine: MachineRecord, asOf: number, limit: number): MachineEvent[] {
  return machine.events
    .filter(({ timestamp }) => timestamp <= knownAt(machine, asOf))
    .slice(-limit)
    .reverse();
}

function imageRef(image: string) {
  const [name = '', tag = 'latest'] = image.replace(/@.*/, '').split(/:(?=[^/]*$)/);
  const slash = name.includes('/') && /[.:]/.test(name.split('/')[0] ?? '');
  const registry = slash ? (name.split('/')[0] ?? '') : 'registry-1.docker.io';
  const repository = slash ? name.split('/').slice(1).join('/') : name;
  return { registry, repository, tag, digest: `sha256:${'0'.repeat(64)}`, labels: null };
}

/** Returns a machine in the API's format. A summary omits config, checks, events, host status and nonce. */
export function viewMachine(machine: MachineRecord, asOf: number, summary = false): Record<string, unknown> {
  const short = {
    id: machine.id,
    name: machine.name,
    state: stateAt(machine, asOf) ?? 'created',
    region: machine.region,
    instance_id: machine.instanceId,
    private_ip: machine.privateIp,
    image_ref: imageRef(machine.config.image),
    created_at: seconds(machine.createdAt),
    updated_at: seconds(machine.updatedAt),
    ...(machine.cordoned ? { cordoned: true } : {}),
  };
  if (summary) return short;
  const events = { events: viewEvents(machine, asOf, 20), checks: [] };
  return machine.cutOffAt
    ? { ...short, ...events, config: null, incomplete_config: machine.config, host_status: 'unreachable' }
    : { ...short, ...events, config: machine.config, host_status: 'ok' };
}

/** Returns a machine in the format of an organisation's list. */
export function viewOrgMachine(
  machine: MachineRecord,
  asOf: number,
  summary: boolean,
): Record<string, unknown> {
  const { guest, image, metadata } = machine.config;
  return {
    id: machine.id,
    app_name: machine.app,
    name: machine.name,
    state: stateAt(machine, asOf) ?? 'created',
    region: machine.region,
    instance_id: machine.instanceId,
    version: machine.instanceId,
    private_ip: machine.privateIp,
    created_at: seconds(machine.createdAt),
    updated_at: new Date(machine.updatedAt).toISOString(),
    ...(summary ? {} : { config: { guest, image, metadata } }),
  };
}
