import { writeSync } from 'node:fs';

/** What may wait for a program that does not read: the largest paste, and room to type besides. */
const MOST_WAITING = 11 * 1024 * 1024;
const PIECE = 16 * 1024;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;
const PASTE_END = '\x1b[201~';

type Waiting = { bytes: Buffer; onWritten: () => void };

/**
 * Input on its way to a pseudo terminal. It is written as fast as the program reads and waits here meanwhile: the
 * library's own way of writing spins for as long as the terminal is full, and the whole agent with it.
 */
export class PtyInput {
  private queue: Waiting[] = [];
  private waiting = 0;
  private timer: NodeJS.Timeout | null = null;
  private pauseMs = FIRST_PAUSE_MS;
  private ended = false;

  /** `fd` has to be open and non-blocking until `end` is called. */
  constructor(private readonly fd: number) {}

  /** Takes input, or answers false when there is no room for it; `onWritten` comes when the terminal has all of it. */
  push(text: string | Buffer, onWritten: () => void = () => {}): boolean {
    // Somebody who interrupts a program does not want it to read the rest of a paste.
    const input = text === '\x03' && this.waiting > 0 ? this.drop() + text : text;
    const bytes = typeof input === 'string' ? Buffer.from(input) : input;
    if (this.ended || this.waiting + bytes.length > MOST_WAITING) return false;
    this.queue.push({ bytes, onWritten });
    this.waiting += bytes.length;
    if (!this.timer) this.drain();
    return true;
  }

  end(): void {
    this.ended = true;
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.queue = [];
    this.waiting = 0;
  }

  /** Forgets what waits; returns the end of a bracketed paste if that was among it. */
  private drop(): string {
    const dropped = this.queue;
    this.queue = [];
    this.waiting = 0;
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const hasEnd = dropped.some(({ bytes }) => bytes.includes(PASTE_END));
    for (const { onWritten } of dropped) onWritten();
    return hasEnd ? PASTE_END : '';
  }

  private drain(): void {
    this.timer = null;
    for (let first = this.queue[0]; first && !this.ended; first = this.queue[0]) {
      const wrote = this.write(first.bytes.subarray(0, PIECE));
      if (wrote === 0) return this.later();
      this.pauseMs = FIRST_PAUSE_MS;
      this.waiting -= wrote;
      first.bytes = first.bytes.subarray(wrote);
      if (first.bytes.length > 0) continue;
      this.queue.shift();
      first.onWritten();
    }
  }

  private later(): void {
    if (this.ended) return;
    this.timer = setTimeout(() => this.drain(), this.pauseMs);
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
  }

  private write(bytes: Buffer): number {
    try {
      return writeSync(this.fd, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.end();
      return 0;
    }
  }
}
