import { monotonicMs } from '../clock';
import { inWords, warningsBefore } from '../lease/deadline';

/** What the server says about the idle stop; durations in ms. */
export type IdleRule = { idleMs?: number; idleMaxMs?: number; awakeMs?: number };

export type IdleOptions = {
  /** The idle stop this machine was made with; null for none. */
  idleMs: number | null;
  /** `why` is the reason without its time. */
  warn: (warning: { text: string; why: string; stopsInMs: number }) => void;
  /** The end that was warned of has been put off. */
  calm: () => void;
  /** Asks the server, which decides, and tells it when somebody last typed or worked. */
  ask: () => void;
};

const WARN_MS = [5 * 60_000, 60_000];
/** The server is asked this long before a warning: the session may have been kept awake elsewhere. */
const ASK_BEFORE_WARNING_MS = 3_000;
/** Between two calls that only tell of keys and work there is this much time, less for a short idle stop. */
const LONGEST_GAP_MS = 10_000;

type State = { typedAt: number; workedAt: number; idleMs: number | null; maxMs: number; awakeUntil: number };

/** When the session will have been idle for too long; null without idle stop. Pure, on one monotonic clock. */
export function idleEndAt({ typedAt, workedAt, idleMs, maxMs, awakeUntil }: State): number | null {
  if (idleMs === null) return null;
  const idleAt = Math.max(typedAt, workedAt) + idleMs;
  return Math.max(Math.min(idleAt, typedAt + maxMs), awakeUntil);
}

/**
 * Knows when somebody last typed and when something last worked, warns before the idle stop, and has the server told
 * early of what moves it. It ends nothing.
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

  /** Something worked at `at`, on the monotonic clock. */
  worked(at: number): void {
    this.state.workedAt = Math.max(this.state.workedAt, at);
    this.workedOnce = new Date(Date.now() - Math.max(0, monotonicMs() - at)).toISOString();
    this.changed();
  }

  /** Takes over what the server answered to a call that was sent at `sentAt`. */
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

  /** What a call tells the server; from then on it counts as told. */
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

  /** How often to look for work: often enough for a short idle stop. */
  lookMs(): number {
    return Math.min(5_000, Math.max(1_000, (this.state.idleMs ?? Number.POSITIVE_INFINITY) / 10));
  }

  private changed(): void {
    this.arm();
    this.tellSoon();
  }

  /** Has the server told when what it shows has become wrong by more than a little, and not more often than a gap allows. */
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

  /** Warns before the end as it is now; the warnings of the end before are forgotten. */
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
