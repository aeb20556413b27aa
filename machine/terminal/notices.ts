export type StopCause = 'idle' | 'quota';

export type Notice = {
  level: 'info' | 'warning' | 'final';
  text: string;
  /** For a stop that is near: its cause, the reason without the time, and the ms until then. */
  cause?: StopCause;
  why?: string;
  stopsInMs?: number;
};
export type StopWarning = { cause: StopCause; text: string; why: string; stopsInMs: number };

/** Two messages about the same end differ by their time on the network. */
const SAME_END_MS = 1_500;

/** Notices beside the terminals: sent to every viewer, and while a stop is near to every new viewer too. */
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

  /** Returns whether viewers were warned of a stop at this instant. */
  isTold(cause: StopCause, endAt: number): boolean {
    const told = this.standing.get(cause);
    return told !== undefined && Math.abs(told.endAt - endAt) < SAME_END_MS;
  }

  /** Withdraws the warning of a stop that was put off. */
  calm(cause: StopCause): void {
    if (this.standing.delete(cause)) this.tellAll({ type: 'calm', cause });
  }

  /** The warnings for a new viewer, with the ms left as of now. */
  get standingNow(): Notice[] {
    return [...this.standing.values()]
      .map(({ warning, endAt }) => ({ ...warning, level: 'warning' as const, stopsInMs: endAt - this.now() }))
      .filter(({ stopsInMs }) => stopsInMs > 0);
  }
}
