import { writeSync } from 'node:fs';

/** Bytes that may wait for a program that does not read: the largest paste, and room to type. */
const MOST_WAITING = 11 * 1024 * 1024;
const PIECE = 16 * 1024;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;
const PASTE_END = '\x1b[201~';

type Waiting = { bytes: Buffer; onWritten: () => void };

/**
 * Input queued for a pseudo terminal and written as fast as the program reads. The library's own write loops while the
 * terminal is full and blocks the whole agent.
 */
export class PtyInput {
  private queue: Waiting[] = [];
  private waiting = 0;
  private timer: NodeJS.Timeout | null = null;
  private pauseMs = FIRST_PAUSE_MS;
  private ended = false;

  /** `fd` must be open and non-blocking until `end` is called. */
  constructor(private readonly fd: number) {}

  /**
   * Queues input. Returns false when there is no room. `onWritten` is called once the terminal has all of the input, or an
   * interrupt dropped it.
   */
  push(text: string | Buffer, onWritten: () => void = () => {}): boolean {
    // An interrupt also discards the rest of a waiting paste.
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

  /** Drops the queued input; returns the end marker of a bracketed paste if one was in it. */
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
