/** The largest paste, with room for typing; in UTF-16 units. */
const MOST_WAITING = 11 * 1024 * 1024;
/** At most 16 KiB of UTF-8. */
const PIECE_UNITS = 5_000;
/** How many units may be sent without an acknowledgement. */
const WINDOW_UNITS = 256 * 1024;
const INTERRUPT = '\x03';
const PASTE_END = '\x1b[201~';

export type Piece = { at: number; data: string };

/**
 * Typed input that the terminal has not acknowledged. It is sent in pieces, one window at a time, and again after a
 * lost connection; positions count all input of this page, so that no input arrives twice.
 */
export class Outbox {
  /** The input from `takenTo` on. */
  private text = '';
  private takenTo = 0;
  private sentTo = 0;

  /** Units not yet acknowledged. */
  get waiting(): number {
    return this.text.length;
  }

  /** Units sent and not yet acknowledged. */
  get onTheWay(): number {
    return this.sentTo - this.takenTo;
  }

  /** Adds typed input; returns false when there is no room. */
  add(data: string): boolean {
    if (this.text.length + data.length > MOST_WAITING) return false;
    // An interrupt drops the unsent rest of a paste, which the program must not read.
    if (data === INTERRUPT) this.dropUnsent();
    this.text += data;
    return true;
  }

  private dropUnsent(): void {
    const unsent = this.text.slice(this.onTheWay);
    if (unsent === '') return;
    this.text = this.text.slice(0, this.onTheWay) + (unsent.includes(PASTE_END) ? PASTE_END : '');
  }

  /** Returns the next piece to send, or null while the window is full or no input waits. Never splits a character. */
  next(): Piece | null {
    const from = this.onTheWay;
    if (from >= WINDOW_UNITS || from >= this.text.length) return null;
    const left = this.text.length - from;
    let length = Math.min(left, PIECE_UNITS);
    const last = this.text.charCodeAt(from + length - 1);
    if (length < left && length > 1 && last >= 0xd800 && last <= 0xdbff) length--;
    const piece = { at: this.sentTo, data: this.text.slice(from, from + length) };
    this.sentTo += length;
    return piece;
  }

  /** Acknowledges all input up to this position. */
  took(units: number): void {
    if (units <= this.takenTo || units > this.sentTo) return;
    this.text = this.text.slice(units - this.takenTo);
    this.takenTo = units;
  }

  /** Continues on a new connection to the same shell, which has all input up to here: the rest is sent again. */
  resume(units: number): void {
    this.took(units);
    this.sentTo = this.takenTo;
  }

  /** Drops the waiting input; returns how many units it had. */
  clear(): number {
    const dropped = this.text.length;
    this.takenTo += dropped;
    this.sentTo = this.takenTo;
    this.text = '';
    return dropped;
  }
}
