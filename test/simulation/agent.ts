import type { AgentAnswer } from '@/server/run/agent-reply';
import type { AgentCall } from '@/server/run/answer-agent';
import type { Agenda, Chance } from './events';
import type { SimMachine, SimProvider } from './provider';

type World = {
  now(): number;
  agenda: Agenda;
  chance: Chance;
  provider: SimProvider;
  /** Whether machines reach the API. */
  apiUp(): boolean;
  /** Share of calls whose request or answer is lost. */
  loss: number;
  answer(runId: string, call: AgentCall): Promise<AgentAnswer>;
};

const LONGEST_HOP_MS = 800;
/** The longest delay of a delayed or repeated message, in ms. */
const LATEST_WORD_MS = 40_000;

/**
 * An agent in virtual time, on a slightly wrong clock of its own. It calls, receives answers late or never, and ends in
 * time.
 */
export class SimAgent {
  private deadline: number;
  private seq = 0;
  private newestAnswered = -1;
  private readonly guardMs: number;
  private readonly drift: number;
  private readonly bootId: string;

  constructor(
    readonly world: World,
    private readonly machine: SimMachine,
  ) {
    this.bootId = `boot-${machine.id}`;
    this.guardMs = Number(machine.env.HOURGLASS_GUARD_MS);
    this.drift = (world.chance.next() - 0.5) * 0.001;
    this.deadline = world.now() + this.own(Number(machine.env.HOURGLASS_LEASE_MS));
    this.armEnd();
    if (machine.kind === 'honest') this.ask('running');
  }

  /** Converts a duration on this machine's clock to true time. */
  private own(ms: number): number {
    return ms * (1 + this.drift);
  }

  private armEnd(): void {
    if (this.machine.kind !== 'honest') return;
    const { agenda, provider } = this.world;
    const deadline = this.deadline;
    agenda.addQuiet(Math.floor(deadline - this.guardMs), 'own end', () => {
      if (this.deadline !== deadline || this.machine.endedAt !== null) return;
      this.say('stopped');
      provider.end(this.machine);
    });
  }

  /** Receives the provider's signal: a polite agent ends within two seconds, a stubborn machine ignores it. */
  signal(): void {
    if (this.machine.kind === 'stubborn') return;
    this.endPolitely('polite end');
  }

  /** Reports `stopping`, ends within two seconds, and reports `stopped`. A machine without an agent reports nothing. */
  private endPolitely(name: string): void {
    const { agenda, chance, now, provider } = this.world;
    this.say('stopping');
    agenda.addQuiet(now() + chance.between(5, 1_500), name, () => {
      if (this.machine.endedAt !== null) return;
      this.say('stopped');
      provider.end(this.machine);
    });
  }

  /** Sends a report of its end, which is lost, arrives soon, or arrives long after the machine has gone. */
  private say(event: 'stopping' | 'stopped'): void {
    const { agenda, chance, now, loss } = this.world;
    if (this.machine.kind !== 'honest' || this.machine.endedAt !== null || chance.hit(loss)) return;
    const call: AgentCall = { bootId: this.bootId, seq: this.seq++, event };
    const afterMs = chance.between(1, chance.hit(0.3) ? LATEST_WORD_MS : LONGEST_HOP_MS);
    agenda.add(now() + afterMs, event, () => this.copy(call));
  }

  private ask(event: AgentCall['event']): void {
    const { agenda, chance, now } = this.world;
    if (this.machine.endedAt !== null) return;
    const sentAt = now();
    const seq = this.seq++;
    const call: AgentCall = { bootId: this.bootId, seq, event, ...this.activity(sentAt) };
    if (chance.hit(this.world.loss)) return this.askAgain();
    agenda.add(sentAt + chance.between(1, LONGEST_HOP_MS), 'agent call', () => this.deliver(call, sentAt));
    // A network may deliver the same request twice, the second time much later.
    if (chance.hit(0.1))
      agenda.add(sentAt + chance.between(1, LATEST_WORD_MS), 'late copy', () => this.copy(call));
  }

  /** Dies while a call is in flight; the call arrives `afterMs` later. */
  dieSpeaking(afterMs: number): void {
    const { agenda, now, provider } = this.world;
    if (this.machine.endedAt !== null || this.machine.startedAt === null) return;
    const call: AgentCall = { bootId: this.bootId, seq: this.seq++, event: 'renew' };
    agenda.add(now() + afterMs, 'last word', () => this.copy(call));
    provider.end(this.machine);
  }

  private async copy(call: AgentCall): Promise<void> {
    await this.world.answer(this.machine.runId, call).catch(() => {});
  }

  private async deliver(call: AgentCall, sentAt: number): Promise<void> {
    const { agenda, chance, now } = this.world;
    if (!this.world.apiUp()) return this.askAgain();
    const answer = await this.world.answer(this.machine.runId, call).catch(() => null);
    if (answer === null || chance.hit(this.world.loss)) return this.askAgain();
    agenda.addQuiet(now() + chance.between(1, LONGEST_HOP_MS), 'agent answer', () =>
      this.hear(call, sentAt, answer),
    );
  }

  private hear(call: AgentCall, sentAt: number, answer: AgentAnswer): void {
    const { agenda, chance, now } = this.world;
    if (this.machine.endedAt !== null || call.seq < this.newestAnswered) return;
    this.newestAnswered = call.seq;
    if (answer.action === 'stop') {
      this.endPolitely('told end');
      return;
    }
    this.deadline = sentAt + this.own(answer.leaseMs);
    this.armEnd();
    const left = this.deadline - now();
    const pause = answer.final
      ? left > 10_000
        ? 5_000
        : 1_000
      : Math.min(left / 3, left - 3 * this.guardMs);
    const pauseMs = Math.max(200, this.own(pause));
    // Keystrokes or work between two renewals are reported early.
    const part = chance.hit(0.4) ? chance.next() : 1;
    agenda.addQuiet(now() + Math.max(200, pauseMs * part), 'renew', () => this.ask('renew'));
  }

  /** Work is reported far in the future; it must not count for longer than the plan allows. */
  private activity(now: number): Pick<AgentCall, 'lastInputAt' | 'lastWorkAt'> {
    const { machine } = this;
    if (machine.mood === 'types') machine.typedAt = now;
    if (machine.mood === 'types') return { lastInputAt: new Date(now).toISOString() };
    return machine.mood === 'works' ? { lastWorkAt: new Date(now + 3_600_000).toISOString() } : {};
  }

  private askAgain(): void {
    const { agenda, chance, now } = this.world;
    agenda.addQuiet(now() + chance.between(500, 3_000), 'ask again', () => this.ask('renew'));
  }
}
