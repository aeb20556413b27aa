import type { MachineEvent, MachineRecord, MachineState } from './records';

const seconds = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** The state a read that lags would see; `null` when the machine did not exist yet. */
export function stateAt(machine: MachineRecord, asOf: number): MachineState | null {
  if (machine.createdAt > asOf) return null;
  return machine.history.findLast(({ at }) => at <= asOf)?.state ?? 'created';
}

/** Newest first, as Fly lists them. */
export function viewEvents(machine: MachineRecord, asOf: number, limit: number): MachineEvent[] {
  return machine.events
    .filter(({ timestamp }) => timestamp <= asOf)
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

/** A machine as the API shows it. A summary leaves out config, checks, events, host status and nonce. */
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
  return {
    ...short,
    config: machine.config,
    events: viewEvents(machine, asOf, 20),
    checks: [],
    host_status: 'ok',
  };
}

/** A machine in the list of a whole organisation. */
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
