export type StopCause = 'idle' | 'quota';

export type Notice = {
  level: 'info' | 'warning' | 'final';
  text: string;
  /** Of a stop that is near: its cause, the reason without its time, and how long it is away. */
  cause?: StopCause;
  why?: string;
  stopsInMs?: number;
};
export type StopWarning = { cause: StopCause; text: string; why: string; stopsInMs: number };

/** Two words about the same end differ by how long they were on their way. */
const SAME_END_MS = 1_500;

/** What is said beside the terminals: to who watches, and while a stop is near to whoever comes. */
export class Notices {
  private readonly standing = new Map<StopCause, { warning: StopWarning; endAt: number }>();

  constructor(
    private readonly tellAll: (message: object) => void,
    private readonly now: () => number,
  ) {}

  announce(notice: Notice): void {
    this.tellAll({ type: 'notice', ...notice });
  }

  warn(warning: StopWarning): void {
    this.standing.set(warning.cause, { warning, endAt: this.now() + warning.stopsInMs });
    this.announce({ level: 'warning', ...warning });
  }

  /** True when a stop at this instant has been told. */
  isTold(cause: StopCause, endAt: number): boolean {
    const told = this.standing.get(cause);
    return told !== undefined && Math.abs(told.endAt - endAt) < SAME_END_MS;
  }

  /** The stop was put off: what was said of it is taken back. */
  calm(cause: StopCause): void {
    if (this.standing.delete(cause)) this.tellAll({ type: 'calm', cause });
  }

  /** What a newcomer has to know. */
  get standingNow(): Notice[] {
    return [...this.standing.values()]
      .map(({ warning, endAt }) => ({ ...warning, level: 'warning' as const, stopsInMs: endAt - this.now() }))
      .filter(({ stopsInMs }) => stopsInMs > 0);
  }
}
