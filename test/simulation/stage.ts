import type { Ctx } from '@/server/context';
import type { AgentCall } from '@/server/run/answer-agent';
import { answerAgent } from '@/server/run/answer-agent';
import { sweepRuns } from '@/server/run/sweep';
import { createSession } from '@/server/session/create';
import { startSession } from '@/server/session/start';
import { createAccount, createWorld, setClock, type World, type WorldOptions } from '@/test/world';
import { Agenda, chanceOf } from './events';
import { type AgentKind, type SimMachine, SimProvider } from './provider';

/**
 * A stage for one scene at a time: real verbs on a real PostgreSQL, a provider in virtual time, and every step made by
 * the test.
 */
export class Stage {
  readonly agenda = new Agenda();
  readonly provider: SimProvider;
  ctx: Ctx;
  kind: AgentKind = 'silent';

  private constructor(
    public world: World,
    private at: number,
  ) {
    this.provider = new SimProvider({
      now: () => this.at,
      agenda: this.agenda,
      // With these values every machine of a scene boots, none is stuck and none crashes.
      chance: { ...chanceOf(5), next: () => 0.5, hit: () => false, between: (low) => low },
      faults: 0,
      pickKind: () => this.kind,
      onStart: () => {},
      onSignal: (machine) => {
        if (machine.kind !== 'stubborn')
          this.agenda.add(this.at + 10, 'obey', () => this.provider.end(machine));
      },
    });
    this.ctx = { ...world.ctx, machines: this.provider };
  }

  static async open(options: WorldOptions & { startAt: number }): Promise<Stage> {
    return new Stage(await createWorld(options), options.startAt);
  }

  /** Continues with another database, as after a restore: the machines stay as they were. */
  async continueOn(world: World): Promise<void> {
    this.world = world;
    this.ctx = { ...world.ctx, machines: this.provider };
    await setClock(world.database, this.at);
  }

  get now(): number {
    return this.at;
  }

  /** Advances all clocks and plays the events on the way; the timekeeper sweeps every `sweepMs`, or never. */
  async pass(ms: number, sweepMs: number | null = null): Promise<void> {
    const until = this.at + ms;
    for (let look = this.at + (sweepMs ?? ms); ; look += sweepMs ?? ms) {
      await this.playUntil(Math.min(look, until));
      if (sweepMs !== null) await sweepRuns(this.ctx);
      if (look >= until) return;
    }
  }

  private async playUntil(until: number): Promise<void> {
    for (let event = this.agenda.take(until); event; event = this.agenda.take(until)) {
      this.at = Math.max(this.at, event.at);
      await setClock(this.world.database, this.at);
      await event.run();
    }
    this.at = until;
    await setClock(this.world.database, this.at);
  }

  /** Jumps to an instant, for a separate scene. */
  async jumpTo(at: number): Promise<void> {
    this.at = at;
    await setClock(this.world.database, at);
  }

  account = (options: Parameters<typeof createAccount>[1] = {}): Promise<string> =>
    createAccount(this.world, options);

  /** Creates and starts a session; its machine boots as time passes. */
  async started(accountId: string): Promise<{ sessionId: string; runId: string; machine: SimMachine }> {
    const { id } = await createSession(this.ctx, { accountId, name: 'scene' });
    await startSession(this.ctx, { accountId, sessionId: id });
    const machine = this.provider.all.findLast((made) => made.sessionId === id);
    if (!machine) throw new Error('no machine was made');
    return { sessionId: id, runId: machine.runId, machine };
  }

  call(runId: string, seq: number, event: AgentCall['event'], more: Partial<AgentCall> = {}) {
    return answerAgent(this.ctx, runId, { bootId: 'boot', seq, event, ...more });
  }

  async run(runId: string): Promise<RunFacts> {
    const [row] = await this.ctx.sql<RunFacts[]>`
      select status, end_reason, used_ms, overrun_ms, started_at, ended_at, lease_until, final, failure from run where id = ${runId}`;
    if (!row) throw new Error(`There is no run ${runId}.`);
    return row;
  }

  async sums(accountId: string, period: string): Promise<{ used_ms: number; held_ms: number }> {
    const [row] = await this.ctx.sql<{ used_ms: number; held_ms: number }[]>`
      select used_ms, held_ms from usage_period where account_id = ${accountId} and period = ${period}`;
    return row ?? { used_ms: 0, held_ms: 0 };
  }
}

export type RunFacts = {
  status: string;
  end_reason: string | null;
  used_ms: number;
  overrun_ms: number;
  started_at: number | null;
  ended_at: number | null;
  lease_until: number;
  final: boolean;
  failure: string | null;
};
