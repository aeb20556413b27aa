import type {
  LaunchOrder,
  ListPage,
  Machine,
  MachineEvent,
  MachineFailure,
  Machines,
  Outcome,
  Volume,
} from '@/server/machine/machines';
import { machineNameOf, volumeNameOf } from '@/server/machine/machines';
import type { Agenda, Chance } from './events';

/**
 * A provider in virtual time: boots, signals and kills machines, loses answers, and records the truth about every
 * machine.
 */

export type AgentKind = 'honest' | 'silent' | 'stubborn';
/** The activity in a machine: keystrokes, endless work, or neither. */
type Mood = 'types' | 'works' | 'rests';

const MOODS: readonly Mood[] = ['types', 'works', 'works', 'rests'];

export type SimMachine = {
  id: string;
  app: string;
  installationId: string | null;
  runId: string;
  sessionId: string;
  env: Record<string, string>;
  kind: AgentKind;
  mood: Mood;
  /** The last keystroke. */
  typedAt: number | null;
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  destroyed: boolean;
  events: MachineEvent[];
  /**
   * From when on the provider's answers show the start.
   * From `endShownAt` on they show the end.
   */
  startShownAt: number;
  endShownAt: number;
};

type World = {
  now(): number;
  agenda: Agenda;
  chance: Chance;
  /** Share of provider calls that fail. */
  faults: number;
  /** The longest delay with which its answers show changes of a machine, in ms. */
  lagMs?: number;
  /** How far the provider's clock is ahead of this one, in ms; negative when it is behind. */
  clockAheadMs?: number;
  pickKind(): AgentKind;
  onStart(machine: SimMachine): void;
  onSignal(machine: SimMachine): void;
};

/** A web process dies between two awaits. */
export class Crash extends Error {}

const ok = <T>(value: T): Outcome<T> => ({ ok: true, value });
const failed = (kind: MachineFailure['kind']): Outcome<never> => ({
  ok: false,
  failure: { kind, message: kind },
});

export class SimProvider implements Machines {
  readonly all: SimMachine[] = [];
  readonly volumes: Volume[] = [];
  /** Ids of machines that a list has shown completely. */
  readonly listed = new Set<string>();
  faults: number;
  /** True while every request to it fails. */
  isAway = false;
  /** The number of launches requested. */
  orderCount = 0;
  pageSize = 1_000;
  private count = 0;

  constructor(readonly world: World) {
    this.faults = world.faults;
  }

  async launch(
    order: LaunchOrder,
    stillWanted: () => Promise<boolean> = async () => true,
  ): ReturnType<Machines['launch']> {
    const { chance } = this.world;
    this.orderCount += 1;
    const existing = this.all.find((m) => m.runId === order.runId && !m.destroyed);
    if (existing)
      return ok({ machineId: existing.id, region: order.region, volumeId: `vol-${order.sessionId}` });
    if (!(await stillWanted())) return failed('refused');
    if (this.isAway) return failed('unavailable');
    if (chance.hit(this.faults)) {
      const fate = chance.between(0, 4);
      if (fate === 0) return failed('no_capacity');
      if (fate === 1) return failed('unavailable');
      if (fate === 2) throw new Crash('before the create');
      if (fate === 3) return failed('ambiguous');
      this.create(order);
      if (chance.hit(0.5)) throw new Crash('after the create');
      return failed('ambiguous');
    }
    const machine = this.create(order);
    return ok({ machineId: machine.id, region: order.region, volumeId: `vol-${order.sessionId}` });
  }

  private create(order: LaunchOrder): SimMachine {
    const { agenda, chance, now } = this.world;
    const machine: SimMachine = {
      id: `m${++this.count}`,
      app: order.app,
      installationId: order.installationId,
      runId: order.runId,
      sessionId: order.sessionId,
      env: order.env,
      kind: this.world.pickKind(),
      mood: chance.pick(MOODS),
      typedAt: null,
      createdAt: now(),
      startedAt: null,
      endedAt: null,
      destroyed: false,
      events: [],
      startShownAt: Number.POSITIVE_INFINITY,
      endShownAt: Number.POSITIVE_INFINITY,
    };
    this.all.push(machine);
    this.attach(machine);
    const fate = chance.next();
    if (fate < 0.04) return machine; // remains `created` indefinitely
    const bootMs = chance.between(50, 8_000);
    agenda.addQuiet(now() + bootMs, 'boot', () => this.boot(machine, fate < 0.07));
    return machine;
  }

  private attach({ id, app, sessionId }: SimMachine): void {
    const known = this.volumes.find((volume) => volume.id === `vol-${sessionId}` && !volume.isGone);
    if (known) known.attachedMachineId = id;
    else {
      this.volumes.push({
        id: `vol-${sessionId}`,
        app,
        name: volumeNameOf(sessionId),
        region: 'iad',
        createdAt: this.world.now(),
        attachedMachineId: id,
        isGone: false,
      });
    }
  }

  private boot(machine: SimMachine, crashes: boolean): void {
    if (machine.endedAt !== null || machine.destroyed) return;
    machine.startedAt = this.world.now();
    machine.startShownAt = this.world.now() + this.lag();
    this.note(machine, 'start');
    if (crashes) this.world.agenda.addQuiet(this.world.now() + 500, 'crash', () => this.end(machine));
    this.world.onStart(machine);
  }

  private note(machine: SimMachine, type: MachineEvent['type']): void {
    const at = this.world.now() + (this.world.clockAheadMs ?? 0);
    machine.events.push({ id: `${machine.id}-${machine.events.length}`, type, at });
  }

  /** Ends the process: exit, then auto-destroyed. */
  end(machine: SimMachine): void {
    if (machine.endedAt !== null || machine.destroyed) return;
    if (machine.startedAt !== null) {
      machine.endedAt = this.world.now();
      this.note(machine, 'exit');
    }
    machine.destroyed = true;
    const startShownAt = machine.startedAt === null ? 0 : machine.startShownAt;
    machine.endShownAt = Math.max(startShownAt, this.world.now() + this.lag());
    for (const volume of this.volumes)
      if (volume.attachedMachineId === machine.id) volume.attachedMachineId = null;
    this.note(machine, 'destroy');
  }

  private lost(): boolean {
    return this.isAway || this.world.chance.hit(this.faults);
  }

  private lag(): number {
    const { chance, lagMs } = this.world;
    return lagMs ? chance.between(0, lagMs) : 0;
  }

  async stop(_app: string, id: string, graceSeconds: number): ReturnType<Machines['stop']> {
    const machine = this.all.find((m) => m.id === id);
    if (this.lost()) return failed('unavailable');
    if (machine && !machine.destroyed) {
      if (machine.startedAt === null) this.end(machine);
      else this.world.onSignal(machine);
      this.world.agenda.addQuiet(this.world.now() + graceSeconds * 1000, 'kill', () => this.end(machine));
    }
    return this.lost() ? failed('ambiguous') : ok(undefined);
  }

  async destroy(_app: string, id: string): ReturnType<Machines['destroy']> {
    const machine = this.all.find((m) => m.id === id);
    if (this.lost()) return failed('unavailable');
    if (machine) this.end(machine);
    return this.lost() ? failed('ambiguous') : ok(undefined);
  }

  async get(_app: string, id: string): ReturnType<Machines['get']> {
    if (this.lost()) return failed('unavailable');
    const machine = this.all.find((m) => m.id === id);
    return ok(machine ? this.view(machine) : null);
  }

  async findByRun(_app: string, runId: string): ReturnType<Machines['findByRun']> {
    if (this.lost()) return failed('unavailable');
    if (this.lost()) return ok(null); // a wrong, empty list
    const machine = this.all.find((m) => m.runId === runId);
    return ok(machine ? this.view(machine) : null);
  }

  async list(cursor: string | null): ReturnType<Machines['list']> {
    if (this.lost()) return failed('unavailable');
    const complete = !this.lost();
    const shown = this.all.filter((m) => !m.destroyed && (complete || this.world.chance.hit(0.5)));
    for (const { id } of shown) this.listed.add(id);
    return ok(
      this.page(
        shown.map((m) => ({ ...this.view(m), events: [] })),
        cursor,
        complete,
      ),
    );
  }

  async listVolumes(cursor: string | null): ReturnType<Machines['listVolumes']> {
    if (this.lost()) return failed('unavailable');
    return ok(
      this.page(
        this.volumes.filter((volume) => !volume.isGone),
        cursor,
        true,
      ),
    );
  }

  /**
   * Returns a page ordered by id like the provider's lists: a machine that exists during the whole listing appears
   * exactly once.
   */
  private page<T extends { id: string }>(all: T[], cursor: string | null, complete: boolean): ListPage<T> {
    const rest = all.filter(({ id }) => id > (cursor ?? '')).sort((a, b) => (a.id < b.id ? -1 : 1));
    const items = rest.slice(0, this.pageSize);
    return { items, nextCursor: rest.length > items.length ? (items.at(-1)?.id ?? null) : null, complete };
  }

  private view(m: SimMachine): Machine {
    const now = this.world.now();
    const [hasStarted, hasEnded] = [m.startShownAt <= now, m.endShownAt <= now];
    const state = hasEnded ? 'destroyed' : hasStarted ? 'started' : 'created';
    return {
      id: m.id,
      app: m.app,
      name: machineNameOf(m.runId),
      state,
      region: 'iad',
      createdAt: m.createdAt,
      runId: m.runId,
      sessionId: m.sessionId,
      environmentId: 'dev',
      installationId: m.installationId,
      events: m.events.filter(({ type }) => (type === 'start' ? hasStarted : hasEnded)),
      hostReachable: true,
    };
  }

  async getVolume(_app: string, id: string): ReturnType<Machines['getVolume']> {
    if (this.lost()) return failed('unavailable');
    return ok(this.volumes.find((volume) => volume.id === id) ?? null);
  }

  async deleteVolume(_app: string, id: string): ReturnType<Machines['deleteVolume']> {
    if (this.lost()) return failed('unavailable');
    const volume = this.volumes.find((one) => one.id === id);
    if (volume?.attachedMachineId) return failed('refused');
    if (volume) volume.isGone = true;
    return ok(undefined);
  }

  deleteApp = async (): ReturnType<Machines['deleteApp']> => ok(undefined);
  close = async (): Promise<void> => {};
}
