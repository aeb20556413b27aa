import type { Ctx } from '../context';
import { metrics } from '../metrics';
import { checkRun } from './check-run';
import { claimDue, type DueRun, type Turn } from './claim';
import { postponeCheck } from './postpone-check';

/**
 * Runs that one process checks at the same time. Each mostly waits for the provider, so this is the number of
 * connections to it.
 */
const CONCURRENCY = 256;
/** Of these, repeated checks: machines that do not answer never keep out those that were not told yet. */
const AGAIN_AT_ONCE = 128;
/** Free places are filled by this many at a time, not one by one. */
const HANDFUL = 16;

/** The guarantee behind all wake-ups: claims due runs and checks them, whether or not a wake-up arrived. */
export class Sweeper {
  private readonly underWay = new Map<string, Promise<void>>();
  private repeats = 0;
  /** True when more runs are due than there were places for. */
  private full = false;
  private closed = false;
  private wanted = false;
  private passing: Promise<number> | null = null;

  constructor(private readonly ctx: Ctx) {}

  /**
   * Claims due runs, most overdue first, up to the free places, and returns how many without waiting for their checks:
   * a slow machine delays no pass. The rest is claimed as places become free. Calls during a pass are combined into one
   * more pass after it.
   */
  pass(): Promise<number> {
    if (this.closed) return Promise.resolve(0);
    this.wanted = true;
    this.passing ??= this.passAll().finally(() => {
      this.passing = null;
    });
    return this.passing;
  }

  /** Waits until no check is under way. */
  async idle(): Promise<void> {
    while (this.underWay.size > 0 || this.passing) {
      await this.passing?.catch(() => {});
      await Promise.all(this.underWay.values());
    }
  }

  /** Claims nothing more. */
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
    // The claim ran out while this process still waits for the provider: one check at a time.
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
      // The queue is not awaited: a lost wake-up delays the check until the next pass.
      if (nextAt !== null) void this.ctx.jobs.wakeRun(run.id, nextAt);
    } catch (error) {
      await postponeCheck(this.ctx, run, error);
    }
  }

  private takeMore(): void {
    this.pass().catch((error) => this.ctx.log.error({ err: error }, 'a pass failed'));
  }
}

/** Makes one pass over every due run and waits for all checks. Returns how many. A failed check does not stop it. */
export async function sweepRuns(ctx: Ctx): Promise<number> {
  const sweeper = new Sweeper(ctx);
  const count = await sweeper.pass();
  await sweeper.idle();
  return count;
}
