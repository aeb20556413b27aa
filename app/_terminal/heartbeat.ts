/** A page looks this often whether its line lives. */
export const LOOK_MS = 2_000;
/** After this long without a word the page asks for one; sooner when something typed was not taken. */
const QUIET_MS = 8_000;
const QUIET_WHILE_TYPING_MS = 3_000;
/** A question without an answer for this long means that the line is dead. */
const TIMEOUT_MS = 8_000;

export type Verdict = 'alive' | 'ask' | 'dead';

/**
 * Whether a line lives, from what was heard and asked. A hidden page looks rarely: only a question that was asked and not
 * answered counts against the line, never time that passed unseen.
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

  /** A question goes out now; one that waits for its answer already counts from when it was asked. */
  ask(now: number): void {
    this.askedAt ??= now;
  }
}
