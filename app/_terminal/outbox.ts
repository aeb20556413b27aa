/** The largest paste, and room to type besides; in UTF-16 units. */
const MOST_WAITING = 11 * 1024 * 1024;
/** At most 16 KiB of UTF-8. */
const PIECE_UNITS = 5_000;
/** How much may be on its way that the terminal has not taken yet. */
const WINDOW_UNITS = 256 * 1024;
const INTERRUPT = '\x03';
const PASTE_END = '\x1b[201~';

export type Piece = { at: number; data: string };

/**
 * What was typed and is not yet known to have reached the terminal. It goes out in pieces, a window at a time, and again
 * after a lost connection; positions count all that was ever typed here, so that nothing is typed twice.
 */
export class Outbox {
  /** From `takenTo` on. */
  private text = '';
  private takenTo = 0;
  private sentTo = 0;

  /** Units that wait. */
  get waiting(): number {
    return this.text.length;
  }

  /** Units that were sent and not yet taken. */
  get onTheWay(): number {
    return this.sentTo - this.takenTo;
  }

  /** Takes what was typed; false when there is no room for it. */
  add(data: string): boolean {
    if (this.text.length + data.length > MOST_WAITING) return false;
    // Whoever interrupts a program does not want it to read the rest of a paste.
    if (data === INTERRUPT) this.dropUnsent();
    this.text += data;
    return true;
  }

  private dropUnsent(): void {
    const unsent = this.text.slice(this.onTheWay);
    if (unsent === '') return;
    this.text = this.text.slice(0, this.onTheWay) + (unsent.includes(PASTE_END) ? PASTE_END : '');
  }

  /** The next piece to send, or null while the window is full or nothing waits. Never ends inside a character. */
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

  /** The terminal has everything up to here. */
  took(units: number): void {
    if (units <= this.takenTo || units > this.sentTo) return;
    this.text = this.text.slice(units - this.takenTo);
    this.takenTo = units;
  }

  /** A new connection to the same shell, which has everything up to here: the rest is sent again. */
  resume(units: number): void {
    this.took(units);
    this.sentTo = this.takenTo;
  }

  /** Forgets what waits; returns how much it was. */
  clear(): number {
    const dropped = this.text.length;
    this.takenTo += dropped;
    this.sentTo = this.takenTo;
    this.text = '';
    return dropped;
  }
}
