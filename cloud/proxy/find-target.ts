import type { MachineRecord } from '../fly/records';
import type { Fly } from '../fly/route';
import { ProxyError } from './proxy-error';
import type { Replay } from './read-replay';

/** A target that a request can be sent to. */
export interface Target {
  host: string;
  port: number;
  /** The machine's id, or the name of the first upstream. */
  instance: string;
  region: string;
  app: string | null;
  /** Whether a refused connection is retried, because the target may still be opening its port. */
  retry: boolean;
}

const publicPorts = [80, 443];
const wakeMs = 10_000;

function servesPublicPort(machine: MachineRecord): boolean {
  return (machine.config.services ?? []).some((service) =>
    (service.ports ?? []).some(({ port, start_port: first, end_port: last }) =>
      publicPorts.some(
        (wanted) => wanted === port || (first !== undefined && wanted >= first && wanted <= (last ?? first)),
      ),
    ),
  );
}

function mayWake(machine: MachineRecord): boolean {
  return (machine.config.services ?? []).some(({ autostart }) => autostart !== false);
}

function choose(fly: Fly, replay: Replay, app: string): MachineRecord {
  const own = [...fly.world.machines.values()].filter(
    (machine) => machine.app === app && machine.state !== 'destroyed',
  );
  const named = own.find(({ id }) => id === replay.instance);
  if (replay.instance && !named) throw new ProxyError(502, 'PR02', `machine ${replay.instance} not found`);
  if (named) return named;
  const inRegion = own.filter(({ region }) => !replay.regions || replay.regions.includes(region));
  const ready = inRegion.filter((machine) => machine.state === 'started' && !machine.cordoned);
  const found = ready.find(({ id }) => id === replay.preferInstance) ?? ready[0] ?? inRegion.find(mayWake);
  if (!found) throw new ProxyError(503, 'PR03', `no machine of app ${app} can take the request`);
  return found;
}

/**
 * Returns the machine that a replay goes to, and starts a stopped machine if its service allows that. Throws
 * ProxyError for an unknown app or machine, and for a machine that cannot take the request.
 */
export async function findTarget(fly: Fly, replay: Replay, from: Target): Promise<Target> {
  const app = replay.app ?? from.app ?? '';
  if (!fly.world.apps.has(app)) throw new ProxyError(502, 'PA04', `cannot replay to unknown app '${app}'`);
  const machine = choose(fly, replay, app);
  if (machine.cordoned) throw new ProxyError(503, 'PR03', `machine ${machine.id} is cordoned`);
  if (!servesPublicPort(machine))
    throw new ProxyError(503, 'PR04', `machine ${machine.id} has no service on this port`);
  if (machine.state === 'stopped' && mayWake(machine)) fly.life.begin(machine);
  if (machine.state === 'starting' || machine.state === 'created') await started(fly, machine);
  if (machine.state !== 'started' || machine.port === null) {
    throw new ProxyError(503, 'PM08', `machine ${machine.id} is ${machine.state}`);
  }
  return {
    host: '127.0.0.1',
    port: machine.port,
    instance: machine.id,
    region: machine.region,
    app,
    retry: true,
  };
}

/** Resolves when the machine is no longer starting, or after `wakeMs`. */
function started(fly: Fly, machine: MachineRecord): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (machine.state === 'created' || machine.state === 'starting') return;
      clearTimeout(timer);
      fly.world.changes.off('change', look);
      resolve();
    };
    const timer = setTimeout(() => {
      fly.world.changes.off('change', look);
      resolve();
    }, wakeMs);
    fly.world.changes.on('change', look);
    look();
  });
}
