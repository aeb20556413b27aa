import type { Sql } from '@/db/client';
import type { Ctx } from '@/server/context';
import type { Chance } from './events';
import type { Blur } from './judge';
import type { SimProvider } from './provider';
import type { Rules } from './rules';

/** The longest and the default idle stop of a plan, in seconds. */
const SHORT_STOPS = [
  [90, 90],
  [120, 90],
] as const;
const IDLE_STOPS = [...SHORT_STOPS, [900, 90], [900, 900]] as const;
/** The latest call of a machine after its previous one, and the latest end of its lease when calls are lost, in ms. */
const LATEST_ASK_MS = 45_000;
const LATEST_END_MS = 125_000;
/**
 * The provider's clock may lag by this much, so a machine that ends at once when told may seem to have ended before.
 */
const TOLD_WHILE_DEAD_MS = 1_000;

type RunFacts = { id: string; end_reason: string | null; stop_requested_at: number | null };

/** The idle stops chosen in a history, and the results they must have. */
export class IdleTruth {
  /** The longest time without a keystroke that the more and the less generous plan allow. */
  private longestMs = 0;
  private shortestMs = Number.POSITIVE_INFINITY;
  /** In half of the histories every plan limits the time without a keystroke strictly. */
  private readonly stops: readonly (readonly [longest: number, usual: number])[];
  /** The latest instant until which each session was kept awake. */
  private readonly awakeUntil = new Map<string, number>();

  constructor(private readonly chance: Chance) {
    this.stops = chance.hit(0.5) ? SHORT_STOPS : IDLE_STOPS;
  }

  /** Adds a plan with its own bounds. */
  async addPlan(sql: Sql, id: string, rank: number, seconds: number): Promise<void> {
    const [longest, usual] = this.chance.pick(this.stops);
    this.longestMs = Math.max(this.longestMs, longest * 1000);
    this.shortestMs = Math.min(this.shortestMs, longest * 1000);
    await sql`
      insert into plan values (${id}, 'Sim', '', ${seconds}, null, ${this.chance.between(1, 3)}, 60,
        ${longest}, ${usual}, 1, ${rank * 10}, true)`;
  }

  /** Changes the idle stop of a session, or suspends it for a while. */
  async choose(
    rules: Rules,
    ctx: Ctx,
    input: { accountId: string; sessionId: string },
    now: number,
  ): Promise<void> {
    if (this.chance.hit(0.5)) {
      const idleStopSeconds = this.chance.pick([60, 90, 120, 300, null]);
      await rules.updateSession(ctx, { ...input, idleStopSeconds });
      return;
    }
    const seconds = this.chance.pick([0, 60, 600]);
    const until = now + Math.min(seconds * 1000, this.longestMs);
    this.awakeUntil.set(input.sessionId, Math.max(until, this.awakeUntil.get(input.sessionId) ?? 0));
    await rules.keepAwake(ctx, { ...input, seconds });
  }

  /**
   * Checks that no one who types, or works within the plan's bounds, is stopped as idle, and that no machine runs on
   * indefinitely without a keystroke.
   */
  async judge(ctx: Ctx, accountId: string, provider: SimProvider, blur: Blur): Promise<string[]> {
    const rows = await ctx.sql<RunFacts[]>`
      select id, end_reason, stop_requested_at from run where account_id = ${accountId}`;
    return provider.all.flatMap((machine) => {
      if (machine.kind !== 'honest' || machine.startedAt === null || machine.endedAt === null) return [];
      const typedAt = machine.typedAt ?? machine.startedAt;
      const keptUntil = this.awakeUntil.get(machine.sessionId) ?? 0;
      const latest =
        Math.max(typedAt + this.longestMs, keptUntil) + (blur.faulty ? LATEST_END_MS : LATEST_ASK_MS);
      if (machine.endedAt > latest)
        return [`${machine.id} went on ${machine.endedAt - typedAt} ms without a key`];
      const row = rows.find(({ id }) => id === machine.runId);
      if (row?.end_reason !== 'idle' || row.stop_requested_at === null || blur.faulty) return [];
      if (machine.endedAt < row.stop_requested_at - TOLD_WHILE_DEAD_MS - blur.clocksApartMs)
        return [`${machine.id} was idle although it had died before it was asked to stop`];
      if (machine.mood === 'rests') return [];
      // The start is read from the provider's clock.
      const earliest = typedAt + this.shortestMs - blur.clocksApartMs;
      const mayBe = machine.mood === 'works' && row.stop_requested_at >= earliest;
      return mayBe ? [] : [`${machine.id} was idle although it ${machine.mood}`];
    });
  }
}
