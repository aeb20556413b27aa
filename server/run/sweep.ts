import type { Ctx } from '../context';
import { metrics } from '../metrics';
import { checkRun } from './check-run';
import { claimDue, type DueRun, type Turn } from './claim';
import { postponeCheck } from './postpone-check';

/** Runs one process looks at together: each waits mostly for the provider. As many as it has connections to it. */
const CONCURRENCY = 256;
/** Of them, looks that are repeated: machines that do not answer never keep out those nobody has told yet. */
const AGAIN_AT_ONCE = 128;
/** Free places are filled by handfuls, not one by one. */
const HANDFUL = 16;

/** The guarantee behind all wake-ups: takes what is due and looks at it, whoever or nobody has woken it. */
export class Sweeper {
  private readonly underWay = new Map<string, Promise<void>>();
  private repeats = 0;
  /** More is due than there were places for. */
  private full = false;
  private closed = false;
  private wanted = false;
  private passing: Promise<number> | null = null;

  constructor(private readonly ctx: Ctx) {}

  /**
   * Takes every run that is due, most overdue first, as far as there are places, and returns how many. It waits for
   * none of them: a slow machine delays no pass. What finds no place is taken as soon as there is one. Calls that come
   * while a pass is under way are one more pass after it.
   */
  pass(): Promise<number> {
    if (this.closed) return Promise.resolve(0);
    this.wanted = true;
    this.passing ??= this.passAll().finally(() => {
      this.passing = null;
    });
    return this.passing;
  }

  /** Waits until nothing is under way. */
  async idle(): Promise<void> {
    while (this.underWay.size > 0 || this.passing) {
      await this.passing?.catch(() => {});
      await Promise.all(this.underWay.values());
    }
  }

  /** Takes nothing new. */
  close(): void {
    this.closed = true;
  }

  private async passAll(): Promise<number> {
    let count = 0;
    do {
      this.wanted = false;
      this.full = false;
      const due = await this.take('fresh');
      if (!this.full) due.push(...(await this.take('again')));
      metrics.sweepLag.set(due.reduce((lag, run) => Math.max(lag, run.now - run.oldest_due_at), 0) / 1000);
      count += due.length;
    } while (this.wanted && !this.closed);
    return count;
  }

  private async take(turn: Turn): Promise<DueRun[]> {
    const places = CONCURRENCY - this.underWay.size;
    const most = turn === 'again' ? Math.min(places, AGAIN_AT_ONCE - this.repeats) : places;
    const due = most > 0 ? await claimDue(this.ctx, turn, most) : [];
    if (due.length >= most) this.full = true;
    for (const run of due) this.begin(run, turn);
    return due;
  }

  private begin(run: DueRun, turn: Turn): void {
    // Its claim ran out while this process still waits for the provider: one look at a time.
    if (this.underWay.has(run.id)) return;
    if (turn === 'again') this.repeats += 1;
    const look = this.look(run).then(() => {
      this.underWay.delete(run.id);
      if (turn === 'again') this.repeats -= 1;
      const hasRoom = CONCURRENCY - this.underWay.size >= HANDFUL || this.underWay.size === 0;
      if (this.full && hasRoom) this.takeMore();
    });
    this.underWay.set(run.id, look);
  }

  private async look(run: DueRun): Promise<void> {
    try {
      const nextAt = await checkRun(this.ctx, run);
      // Nobody waits for the queue: a wake-up that is lost costs a pass.
      if (nextAt !== null) void this.ctx.jobs.wakeRun(run.id, nextAt);
    } catch (error) {
      await postponeCheck(this.ctx, run, error);
    }
  }

  private takeMore(): void {
    this.pass().catch((error) => this.ctx.log.error({ err: error }, 'a pass failed'));
  }
}

/** One pass over every run that is due, waiting for all of them. Returns how many. One run that fails never stops it. */
export async function sweepRuns(ctx: Ctx): Promise<number> {
  const sweeper = new Sweeper(ctx);
  const count = await sweeper.pass();
  await sweeper.idle();
  return count;
}
