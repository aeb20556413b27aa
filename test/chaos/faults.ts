import { sleep } from '@/scripts/services/processes';
import type { PartName } from '@/scripts/stack-part';
import type { Chance } from '../simulation/events';
import { asOwner } from '../world';
import type { Calm } from './calm';
import { insist } from './insist';
import type { Crowd } from './people';
import type { Setting } from './setting';
import type { Tally } from './tally';
import type { TruthMachine } from './truth';

/** The faults. Each kind strikes once, lasts until its promise resolves, and recovers by itself. */

export type Scene = {
  setting: Setting;
  crowd: Crowd;
  chance: Chance;
  tally: Tally;
  /** Faults applied to single machines, whose ends the product is not blamed for. */
  touched: Map<string, Touch>;
  calm: Calm;
};
export type Touch = 'killed' | 'lost' | 'migrated' | 'cut off';

/** Longer than any fault that ends with its own time limit, in ms. */
export const STRIKE_MS = 240_000;

/** `disturbs`: the fault takes a process or service away, and does not begin during a measurement. */
type Kind = { name: string; weight: number; disturbs?: true; strike(scene: Scene): Promise<void> };

const webs: PartName[] = ['web', 'web2'];
const workers: PartName[] = ['worker', 'worker2'];
const how = (chance: Chance): NodeJS.Signals => chance.pick(['SIGKILL', 'SIGKILL', 'SIGTERM'] as const);

const ends = (name: string, weight: number, names: PartName[]): Kind => ({
  name,
  weight,
  strike: ({ setting, chance }) => setting.restart(chance.pick(names), how(chance), chance.between(0, 2_000)),
});

const PROCESSES: Kind[] = [
  ends('web killed', 5, webs),
  ends('worker killed', 5, workers),
  ends('gateway killed', 1, ['gateway']),
  {
    name: 'both workers killed',
    weight: 1,
    strike: async ({ setting, chance }) => {
      const awayMs = chance.between(0, 3_000);
      await Promise.all(workers.map((name) => setting.restart(name, 'SIGKILL', awayMs)));
    },
  },
  {
    name: 'both webs killed',
    weight: 1,
    strike: async ({ setting, chance }) => {
      const awayMs = chance.between(0, 1_500);
      await Promise.all(webs.map((name) => setting.restart(name, 'SIGKILL', awayMs)));
    },
  },
  {
    name: 'process frozen',
    weight: 3,
    strike: ({ setting, chance }) =>
      setting.freeze(chance.pick([...webs, ...workers]), chance.between(300, 3_000)),
  },
  {
    name: 'provider killed',
    weight: 2,
    strike: async ({ setting, crowd, chance }) => {
      await setting.restart('cloud', 'SIGKILL', chance.between(0, 3_000));
      await crowd.tellCloud();
    },
  },
];

const SERVICES: Kind[] = [
  {
    name: 'PostgreSQL stopped',
    weight: 3,
    strike: ({ setting, chance }) =>
      setting.restartPostgres(
        chance.pick(['SIGINT', 'SIGINT', 'SIGKILL'] as const),
        chance.between(0, 3_000),
      ),
  },
  {
    name: 'connections cut',
    weight: 3,
    strike: async ({ setting }) => {
      await asOwner(
        setting.databaseUrl,
        (owner) => owner`
          select pg_terminate_backend(pid) from pg_stat_activity
          where pid <> pg_backend_pid() and application_name <> 'hourglass-operator' and usename is not null`,
      ).catch(() => {});
    },
  },
  { name: 'Redis flushed', weight: 3, strike: ({ setting }) => setting.flushRedis() },
  {
    name: 'Redis stopped',
    weight: 2,
    strike: ({ setting, chance }) => setting.restartRedis(how(chance), chance.between(0, 8_000)),
  },
];

type FlyFault = Record<string, unknown> & { kind: string };

/** Returns a fault of the Machines API that hits some of the next calls. */
const api = (name: string, weight: number, faultOf: (chance: Chance) => FlyFault): Kind => ({
  name,
  weight,
  strike: async ({ setting, chance }) => {
    const end = setting.spans.begin('provider');
    const fault = { times: chance.between(1, 4), ...faultOf(chance) };
    await setting.control('/control/faults', fault).catch(() => {});
    await sleep(2_000);
    end();
  },
});

const ANY_WRITE = ['machine.create', 'machine.stop', 'machine.delete'];

const PROVIDER: Kind[] = [
  api('create answered 5xx', 2, (c) => ({
    kind: 'status',
    action: 'machine.create',
    status: c.pick([500, 502, 503]),
  })),
  api('create refused', 1, (c) => ({
    kind: 'status',
    action: 'machine.create',
    status: c.pick([422, 409]),
    body: { error: 'could not find a candidate host', status: 'insufficient_capacity' },
  })),
  api('create lost after commit', 4, (c) => ({
    kind: c.pick(['after_commit_reset', 'after_commit_status']),
    action: 'machine.create',
    status: 502,
  })),
  api('create hung after commit', 1, () => ({
    kind: 'after_commit_hang',
    action: 'machine.create',
    times: 1,
  })),
  api('calls reset', 2, () => ({ kind: 'reset' })),
  api('calls answered 5xx', 2, (c) => ({ kind: 'status', status: c.pick([500, 502, 503, 504]) })),
  api('calls limited', 1, () => ({ kind: 'status', status: 429, retryAfter: 1 })),
  api('calls hung', 1, (c) => ({ kind: 'hang', times: c.between(1, 2) })),
  api('calls slow', 2, (c) => ({ kind: 'latency', latencyMs: c.between(300, 3_000) })),
  api('writes lost after commit', 2, (c) => ({
    kind: 'after_commit_reset',
    action: c.pick(ANY_WRITE),
  })),
  api('empty lists', 3, (c) => ({ kind: 'empty_list', times: c.between(1, 3) })),
  api('lists with regions missing', 1, () => ({ kind: 'error_regions', action: 'org.machines' })),
  api('stops without effect', 3, (c) => ({
    kind: 'no_effect',
    action: c.pick(['machine.stop', 'machine.stop', 'machine.delete']),
  })),
  api('events told twice', 2, (c) => ({ kind: 'duplicate_events', times: c.between(2, 12) })),
  api('provider away', 1, (c) => ({
    kind: 'status',
    status: 503,
    times: undefined,
    forMs: c.between(1_000, 2_000),
  })),
  api('reads that lag', 2, (c) => ({ kind: 'lag', method: 'GET', latencyMs: c.between(300, 3_000) })),
];

/** Returns a fault that hits one running machine. */
const deed = (
  name: string,
  weight: number,
  touch: Touch,
  act: (scene: Scene, path: string, machine: TruthMachine) => Promise<unknown>,
): Kind => ({
  name,
  weight,
  strike: async (scene) => {
    const { setting, chance, touched } = scene;
    const alive = (await running(setting)).filter(({ id }) => !touched.has(id));
    if (alive.length === 0) return;
    const machine = chance.pick(alive);
    touched.set(machine.id, touch);
    await act(scene, `/control/machines/${machine.id}`, machine).catch(() => {});
  },
});

const MACHINES: Kind[] = [
  deed('machine crashed', 3, 'killed', ({ setting }, path) => setting.control(`${path}/kill`, {})),
  deed('host lost', 2, 'lost', ({ setting }, path) => setting.control(`${path}/host`, { state: 'lost' })),
  deed('machine moved to another host', 2, 'migrated', ({ setting, chance }, path) =>
    setting.control(`${path}/migrate`, { forget: chance.hit(0.5) }),
  ),
  deed('host cut off', 2, 'cut off', async ({ setting, chance }, path) => {
    const end = setting.spans.begin('provider');
    await setting.control(`${path}/host`, { state: 'unreachable' });
    await sleep(chance.between(500, 6_000));
    await insist(() => setting.control(`${path}/host`, { state: 'ok' }), 30_000);
    end();
  }),
];

type StripeFault = Record<string, unknown> & { kind: string };

const stripe = (name: string, weight: number, faultOf: (chance: Chance) => StripeFault): Kind => ({
  name,
  weight,
  strike: async ({ setting, chance }) =>
    void (await setting
      .stripe('faults', { times: chance.between(1, 4), ...faultOf(chance) })
      .catch(() => {})),
});

const STRIPE: Kind[] = [
  stripe('Stripe answered 5xx', 1, () => ({ kind: 'status', status: 503 })),
  stripe('Stripe hung', 1, () => ({ kind: 'hang', times: 1 })),
  stripe('Stripe answers lost', 1, () => ({ kind: 'after_commit_reset' })),
  {
    name: 'webhooks in disorder',
    weight: 2,
    strike: async ({ setting, chance }) =>
      void (await setting
        .stripe('webhooks', {
          order: chance.pick(['unfriendly', 'shuffle', 'natural']),
          duplicate: chance.between(0, 2),
          delayMs: chance.between(0, 3_000),
          drop: chance.pick([0, 0, 0.5, 1]),
          seed: chance.between(1, 1e6),
        })
        .catch(() => {})),
  },
];

const disturbing = (kinds: Kind[]): Kind[] => kinds.map((kind) => ({ ...kind, disturbs: true }));

export const KINDS: Kind[] = [
  ...disturbing(PROCESSES),
  ...disturbing(SERVICES),
  ...PROVIDER,
  ...MACHINES,
  ...STRIPE,
];

/**
 * Returns the product's machines whose process is running, from the provider's records; none while it is unavailable.
 */
async function running(setting: Setting): Promise<TruthMachine[]> {
  const all = await setting.control<TruthMachine[]>('/control/machines').catch(() => []);
  return all.filter(
    ({ state, pid, metadata }) =>
      state === 'started' && pid !== null && metadata.hourglass_installation !== setting.other.id,
  );
}
