import type { Ctx } from '@/server/context';
import type { World } from '@/test/world';
import { setClock } from '@/test/world';
import { SimAgent } from './agent';
import { checkBooks, nextDueAt } from './check-books';
import { planDeaths } from './deaths';
import { type Edge, edgeOf, MONTH_END, planEdge } from './edges';
import { Agenda, type Chance, chanceOf } from './events';
import { IdleTruth } from './idle';
import { judgeRuns } from './judge';
import { isInjected, withMisses } from './misses';
import { type PackAct, SimPacks } from './packs';
import { SimPayer } from './payer';
import { type AgentKind, type SimMachine, SimProvider } from './provider';
import type { Rules } from './rules';
import { Starts } from './starts';

/** One seeded history of an account: actions of users, machines, networks and clocks, with checks at every step. */

export type HistoryResult = {
  problems: string[];
  runs: number;
  aliveMs: number;
  events: number;
};

const SWEEP_MS = 3_000;
/** One in this many passes that would find nothing is played nevertheless. */
const DULL_EVERY = 10;
const LENGTH_MS = 8 * 60_000;
const HEALING_MS = 240_000;
/** Number of events between missed updates. */
const MISS_EVERY = 7;
/** Clock difference of the provider in some histories, in ms; below what counts as a second life. */
const CLOCKS_APART_MS = 900;

export class History {
  readonly problems: string[] = [];
  readonly chance: Chance;
  readonly agenda = new Agenda();
  private readonly agents = new Map<string, SimAgent>();
  readonly provider: SimProvider;
  private readonly ctx: Ctx;
  private at: number;
  private endsAt = 0;
  private workerUp = true;
  private webUp = true;
  private eventCount = 0;
  private readonly accountId: string;
  private readonly sessions: string[] = [];
  private readonly faults: number;
  private readonly clockAheadMs: number;
  private readonly payer: SimPayer;
  private readonly idle: IdleTruth;
  private readonly edge: Edge;
  private readonly starts: Starts;
  /** The instant before which no run is due, as of the last read; 0 after an event that may have changed it. */
  private nothingDueBefore = 0;
  private dullCount = 0;
  private failedBefore = 0;

  constructor(
    private readonly world: World,
    private readonly rules: Rules,
    private readonly seed: number,
    /** Occasionally an update of a run hits no row; requires a world prepared by `addMisses`. */
    private readonly misses = false,
  ) {
    this.chance = chanceOf(seed);
    this.idle = new IdleTruth(this.chance);
    this.accountId = `sim-${seed}`;
    this.payer = new SimPayer(this.planId(2), new SimPacks(seed, this.accountId));
    this.faults = seed % 3 === 0 ? 0 : 0.12;
    this.edge = edgeOf(seed, this.chance);
    this.at = this.edge.isNear ? MONTH_END - 240_000 : Date.parse('2026-11-10T10:00:00Z');
    this.clockAheadMs = seed % 7 === 3 ? CLOCKS_APART_MS : seed % 7 === 5 ? -CLOCKS_APART_MS : 0;
    const kinds: AgentKind[] = seed % 5 === 2 ? ['honest', 'silent', 'stubborn'] : ['honest'];
    this.provider = new SimProvider({
      now: () => this.at,
      agenda: this.agenda,
      chance: this.chance,
      faults: this.faults,
      lagMs: this.edge.lagMs,
      clockAheadMs: this.clockAheadMs,
      pickKind: () => this.chance.pick(kinds),
      onStart: (machine) => void this.agents.set(machine.id, this.agentFor(machine)),
      onSignal: (machine) => this.agents.get(machine.id)?.signal(),
    });
    const wakeRun = async (runId: string, at: number) => this.wake(runId, at);
    this.ctx = { ...world.ctx, machines: this.provider, jobs: { ...world.ctx.jobs, wakeRun } };
    const { ctx, accountId, provider, problems, payer } = this;
    const paidPlanId = () => (payer.isLive(this.at) ? this.planId(2) : null);
    this.starts = new Starts({ ctx, rules, accountId, provider, paidPlanId, problems });
  }

  private agentFor(machine: SimMachine): SimAgent {
    const { agenda, chance, provider, faults } = this;
    const answer = (runId: string, call: Parameters<Rules['answerAgent']>[2]) =>
      this.rules.answerAgent(this.ctx, runId, call);
    return new SimAgent(
      { now: () => this.at, agenda, chance, provider, apiUp: () => this.webUp, loss: faults, answer },
      machine,
    );
  }

  /** A wake-up of the queue: usually on time, sometimes lost. */
  private wake(runId: string, at: number): void {
    if (this.faults > 0 && this.chance.hit(0.2)) return;
    this.agenda.add(Math.max(this.at, at) + this.chance.between(0, 120), 'job', () =>
      this.asWorker(() => this.rules.tickRun(this.ctx, runId)),
    );
  }

  /** Compares with the provider. With no open run and no live machine most comparisons are left out. */
  private async reconcile(): Promise<void> {
    const isStill =
      this.nothingDueBefore === Number.POSITIVE_INFINITY && this.provider.all.every((m) => m.destroyed);
    if (isStill && ++this.dullCount % DULL_EVERY !== 0) return;
    await this.reachDatabase();
    await this.asWorker(() => this.rules.reconcile(this.ctx));
  }

  private async asWorker(work: () => Promise<unknown>): Promise<void> {
    if (!this.workerUp) return;
    await work().catch((error) => {
      if (!isInjected(error)) this.problems.push(`worker: ${String(error)}`);
    });
  }

  async run(): Promise<HistoryResult> {
    await this.setUp();
    const endsAt = this.at + LENGTH_MS;
    this.endsAt = endsAt;
    this.every(SWEEP_MS, endsAt + HEALING_MS, () => this.sweep(), true);
    this.every(30_000, endsAt + HEALING_MS, () => this.reconcile(), true);
    this.planActs(endsAt);
    await this.playUntil(endsAt);
    await this.heal(endsAt);
    await this.judge();
    return this.result();
  }

  private async setUp(): Promise<void> {
    const { sql } = this.ctx;
    await setClock(this.world.database, this.at);
    this.failedBefore = await this.rules.failedLooks();
    for (const [rank, seconds] of [
      [1, this.chance.between(60, 500)],
      [2, this.chance.between(500, 1_500)],
    ] as const) {
      await this.idle.addPlan(sql, this.planId(rank), rank, seconds);
    }
    await sql`
      insert into account (id, name, status, own_plan_id) values (${this.accountId}, 'Sim', 'active', ${this.planId(1)})`;
    for (let i = 0; i < 4; i++) {
      const session = await this.rules.createSession(this.ctx, { accountId: this.accountId, name: `s${i}` });
      this.sessions.push(session.id);
    }
  }

  private planId(rank: 1 | 2): string {
    return `sim-${this.seed}-${rank}`;
  }

  private every(ms: number, until: number, work: () => Promise<void>, isQuiet = false): void {
    const next = async () => {
      await work();
      if (this.at + ms <= until) this.agenda.add(this.at + ms, 'loop', next, isQuiet);
    };
    this.agenda.add(this.at + this.chance.between(0, ms), 'loop', next, isQuiet);
  }

  /** A pass of the timekeeper. Passes before the next due run are left out, except for one in `DULL_EVERY`. */
  private async sweep(): Promise<void> {
    const isDull = ++this.dullCount % DULL_EVERY !== 0;
    if (!this.workerUp || (isDull && this.at < this.nothingDueBefore)) return;
    this.nothingDueBefore = await nextDueAt(this.world, this.at);
    if (isDull && this.at < this.nothingDueBefore) return;
    this.nothingDueBefore = 0;
    await this.asWorker(() => this.rules.sweepRuns(this.ctx));
  }

  /** Schedules the actions of users and operators, and the outages of processes. */
  private planActs(endsAt: number): void {
    for (let at = this.at + 200; at < endsAt; at += this.chance.between(500, 25_000)) {
      this.agenda.add(at, 'act', () => this.act());
    }
    planDeaths(this, this.agents, this.at, endsAt);
    planEdge(this, this.edge, (ms) => this.rules.adjustUsage(this.ctx, this.accountId, ms));
    const act: PackAct = (work) => this.asWorker(() => work(this.rules, this.ctx, this.at));
    this.payer.packs.plan(this.agenda, act, this.at, endsAt);
    if (this.faults === 0) return;
    for (const part of ['web', 'worker'] as const) {
      const from = this.chance.between(this.at, endsAt);
      this.agenda.addQuiet(from, `${part} down`, () => this.setUpOrDown(part, false));
      this.agenda.addQuiet(from + this.chance.between(1_000, 60_000), `${part} up`, () =>
        this.setUpOrDown(part, true),
      );
    }
  }

  private setUpOrDown(part: 'web' | 'worker', up: boolean): void {
    if (part === 'web') this.webUp = up;
    else this.workerUp = up;
  }

  private async act(): Promise<void> {
    const { accountId, chance } = this;
    if (!this.webUp) return;
    const sessionId = chance.pick(this.sessions);
    const input = { accountId, sessionId };
    const what = chance.next();
    try {
      if (what < 0.55) await this.starts.one(sessionId);
      else if (what < 0.72) await this.rules.stopSession(this.ctx, input);
      else if (what < 0.75)
        await this.rules.subscribe(this.ctx, accountId, this.payer.change(chance, accountId, this.at));
      else if (what < 0.8) await this.rules.applyPlan(this.ctx, accountId, this.planId(chance.pick([1, 2])));
      else if (what < 0.86)
        await this.rules.adjustUsage(this.ctx, accountId, chance.between(-60_000, 60_000));
      else if (what < 0.9) await this.starts.two([sessionId, chance.pick(this.sessions)]);
      else if (what < 0.93) await this.stepClockBack();
      else if (what < 0.94) await this.idle.choose(this.rules, this.ctx, input, this.at);
      else if (what < 0.95)
        await this.rules.setStatus(this.ctx, accountId, chance.pick(['active', 'active', 'blocked']));
      else await this.starts.agree();
    } catch (error) {
      if (!isInjected(error) && !this.rules.isRefusal(error)) this.problems.push(`act: ${String(error)}`);
    }
  }

  /** Sets the database's clock back slightly; the account's clock must not follow. */
  private async stepClockBack(): Promise<void> {
    await setClock(this.world.database, this.at - this.chance.between(0, 3_000));
    await this.starts.one(this.chance.pick(this.sessions));
  }

  private async playUntil(until: number): Promise<void> {
    for (let event = this.agenda.take(until); event; event = this.agenda.take(until)) {
      this.at = Math.max(this.at, event.at);
      this.eventCount += 1;
      if (!event.isQuiet) await this.reachDatabase();
      const misses = this.misses && this.eventCount % MISS_EVERY === 0 && this.at < this.endsAt;
      await (misses ? withMisses(this.world, event.run) : event.run());
      if (this.eventCount % 40 === 0) await this.checkBooks();
      if (this.problems.length > 5) return;
    }
    this.at = until;
  }

  private async reachDatabase(): Promise<void> {
    this.nothingDueBefore = 0;
    await setClock(this.world.database, this.at);
  }

  /** Ends the faults; every open run must then end, and all sums must agree. */
  private async heal(endsAt: number): Promise<void> {
    this.provider.faults = 0;
    this.webUp = true;
    this.workerUp = true;
    await setClock(this.world.database, this.at);
    for (const sessionId of this.sessions) {
      await this.rules.stopSession(this.ctx, { accountId: this.accountId, sessionId });
    }
    await this.playUntil(endsAt + HEALING_MS);
  }

  private async checkBooks(): Promise<void> {
    this.problems.push(...(await checkBooks(this.ctx, this.rules, this.accountId, this.provider)));
    this.problems.push(...(await this.payer.complaints(this.rules, this.ctx, this.accountId)));
  }

  private async judge(): Promise<void> {
    await this.checkBooks();
    const alive = this.provider.all.filter((m) => !m.destroyed);
    if (alive.length > 0)
      this.problems.push(`machines left: ${alive.map((m) => `${m.id}/${m.kind}`).join(' ')}`);
    const isFaulty = this.faults > 0 || this.misses || this.edge.isHard;
    const bounds = { faulty: isFaulty, clocksApartMs: Math.abs(this.clockAheadMs) };
    if (!this.misses && (await this.rules.failedLooks()) > this.failedBefore)
      this.problems.push('looking at a run failed');
    this.problems.push(...(await judgeRuns(this.ctx, this.accountId, this.provider, bounds)));
    this.problems.push(...(await this.idle.judge(this.ctx, this.accountId, this.provider, bounds)));
  }

  private result(): HistoryResult {
    const lived = this.provider.all.map((m) => (m.endedAt ?? 0) - (m.startedAt ?? m.endedAt ?? 0));
    const aliveMs = lived.reduce((sum, ms) => sum + ms, 0);
    return {
      problems: this.problems,
      runs: this.provider.all.length,
      aliveMs,
      events: this.eventCount,
    };
  }
}
