/** How often a page checks its connection. */
export const LOOK_MS = 2_000;
/** A connection silent for this long is pinged; sooner while typed input is not acknowledged. */
const QUIET_MS = 8_000;
const QUIET_WHILE_TYPING_MS = 3_000;
/** A ping without an answer for this long means that the connection is dead. */
const TIMEOUT_MS = 8_000;

export type Verdict = 'alive' | 'ask' | 'dead';

/**
 * Decides whether a connection is alive. A hidden page checks rarely, so only an unanswered ping counts against the
 * connection, not the time without a check.
 */
export class Heartbeat {
  private heardAt: number;
  private askedAt: number | null = null;

  constructor(now: number) {
    this.heardAt = now;
  }

  heard(now: number): void {
    this.heardAt = now;
    this.askedAt = null;
  }

  look(now: number, isTyping: boolean): Verdict {
    if (this.askedAt !== null) return now - this.askedAt >= TIMEOUT_MS ? 'dead' : 'alive';
    if (now - this.heardAt < (isTyping ? QUIET_WHILE_TYPING_MS : QUIET_MS)) return 'alive';
    this.ask(now);
    return 'ask';
  }

  /** Notes a ping sent at `now`; an earlier unanswered ping keeps its time. */
  ask(now: number): void {
    this.askedAt ??= now;
  }
}
