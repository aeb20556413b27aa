import { monotonicMs } from '../clock';
import { inWords, warningsBefore } from '../lease/deadline';

/** The server's rule for the idle stop; durations in ms. */
export type IdleRule = { idleMs?: number; idleMaxMs?: number; awakeMs?: number };

export type IdleOptions = {
  /** The idle stop this machine was made with; null for none. */
  idleMs: number | null;
  /** `why` is the reason without the time left. */
  warn: (warning: { text: string; why: string; stopsInMs: number }) => void;
  /** Called when the end that was warned of has been put off. */
  calm: () => void;
  /** Calls the server, which decides, and reports the last input and work. */
  ask: () => void;
};

const WARN_MS = [5 * 60_000, 60_000];
/** The agent asks the server this long before a warning: the session may have been kept awake elsewhere. */
const ASK_BEFORE_WARNING_MS = 3_000;
/** Least time between two calls that only report keys and work; less for a short idle stop. */
const LONGEST_GAP_MS = 10_000;

type State = { typedAt: number; workedAt: number; idleMs: number | null; maxMs: number; awakeUntil: number };

/** Returns when the session will have been idle for too long; null without idle stop. Pure, on one monotonic clock. */
export function idleEndAt({ typedAt, workedAt, idleMs, maxMs, awakeUntil }: State): number | null {
  if (idleMs === null) return null;
  const idleAt = Math.max(typedAt, workedAt) + idleMs;
  return Math.max(Math.min(idleAt, typedAt + maxMs), awakeUntil);
}

/**
 * Records the last input and the last work, warns before the idle stop, and reports to the server early what moves that
 * stop. Ends nothing by itself.
 */
export class IdleWatch {
  private state: State;
  private typedOnce: string | undefined;
  private workedOnce: string | undefined;
  private told: { at: number; typedAt: number; workedAt: number };
  private telling: NodeJS.Timeout | null = null;
  private timers: NodeJS.Timeout[] = [];
  private warnedOf: number | null = null;

  constructor(private readonly options: IdleOptions) {
    const now = monotonicMs();
    this.state = {
      typedAt: now,
      workedAt: now,
      idleMs: options.idleMs,
      maxMs: Number.POSITIVE_INFINITY,
      awakeUntil: 0,
    };
    this.told = { at: now, typedAt: now, workedAt: now };
    this.arm();
  }

  typed(): void {
    this.state.typedAt = monotonicMs();
    this.typedOnce = new Date().toISOString();
    this.changed();
  }

  /** Records work at `at`, on the monotonic clock. */
  worked(at: number): void {
    this.state.workedAt = Math.max(this.state.workedAt, at);
    this.workedOnce = new Date(Date.now() - Math.max(0, monotonicMs() - at)).toISOString();
    this.changed();
  }

  /** Takes over the rule in the server's answer to a call sent at `sentAt`. */
  follow(rule: IdleRule, sentAt: number): void {
    const before = this.endAt();
    this.state.idleMs = rule.idleMs ?? this.options.idleMs;
    this.state.maxMs = rule.idleMaxMs ?? Number.POSITIVE_INFINITY;
    this.state.awakeUntil = rule.awakeMs === undefined ? 0 : sentAt + rule.awakeMs;
    const moved = Math.abs((this.endAt() ?? 0) - (before ?? 0)) > 500;
    if (moved) this.arm();
    this.tellSoon();
  }

  endAt(): number | null {
    return idleEndAt(this.state);
  }

  /** Returns the times a call reports to the server; they count as reported from then on. */
  report(): { lastInputAt?: string; lastWorkAt?: string } {
    const { typedAt, workedAt } = this.state;
    this.told = { at: monotonicMs(), typedAt, workedAt };
    if (this.telling) clearTimeout(this.telling);
    this.telling = null;
    return {
      ...(this.typedOnce ? { lastInputAt: this.typedOnce } : {}),
      ...(this.workedOnce ? { lastWorkAt: this.workedOnce } : {}),
    };
  }

  /** Returns the ms between two checks for work: one to five seconds, less for a short idle stop. */
  lookMs(): number {
    return Math.min(5_000, Math.max(1_000, (this.state.idleMs ?? Number.POSITIVE_INFINITY) / 10));
  }

  private changed(): void {
    this.arm();
    this.tellSoon();
  }

  /** Schedules a report once the stop that the server shows is wrong by more than a quarter of the gap; at most one per gap. */
  private tellSoon(): void {
    if (this.telling) return;
    const gapMs = Math.min(LONGEST_GAP_MS, Math.max(1_000, (this.state.idleMs ?? 0) / 30));
    const { typedAt, workedAt } = this.told;
    const shownAt = idleEndAt({ ...this.state, typedAt, workedAt });
    if ((this.endAt() ?? 0) - (shownAt ?? 0) < gapMs / 4) return;
    const at = Math.max(this.told.at + gapMs, monotonicMs() + gapMs / 10);
    this.telling = setTimeout(() => {
      this.telling = null;
      this.options.ask();
    }, at - monotonicMs());
    this.telling.unref();
  }

  /** Arms the warnings of the current end; replaces those of the end before. */
  private arm(): void {
    for (const timer of this.timers.splice(0)) clearTimeout(timer);
    const endAt = this.endAt();
    if (this.warnedOf !== null && (endAt === null || Math.abs(endAt - this.warnedOf) > 500)) {
      this.warnedOf = null;
      this.options.calm();
    }
    if (endAt === null) return;
    for (const { at, leftMs } of warningsBefore(endAt, monotonicMs(), WARN_MS)) {
      this.later(at - ASK_BEFORE_WARNING_MS, this.options.ask);
      this.later(at, () => this.warn(endAt, leftMs));
    }
    this.later(endAt, this.options.ask);
  }

  private warn(endAt: number, leftMs: number): void {
    const { typedAt, workedAt, idleMs, maxMs } = this.state;
    const isLongest = Math.max(typedAt, workedAt) + (idleMs ?? 0) > typedAt + maxMs;
    const why = isLongest
      ? `Nobody has typed for ${inWords(maxMs - leftMs)}, the longest your plan allows.`
      : 'Nobody has typed and nothing has worked for a while.';
    this.warnedOf = endAt;
    this.options.warn({
      text: `${why} This session stops in ${inWords(leftMs)} unless you press a key or choose Keep running.`,
      why: `${why} To keep it, press a key or choose Keep running.`,
      stopsInMs: leftMs,
    });
  }

  private later(at: number, work: () => void): void {
    const inMs = at - monotonicMs();
    // Timers hold 31 bits of milliseconds; nothing here is further away than a day.
    if (inMs >= 0) this.timers.push(setTimeout(work, Math.min(inMs, 86_400_000)));
  }
}
