/** The most that may be under way to a viewer, and the least. */
const MOST_BYTES = 256 * 1024;
const LEAST_BYTES = 32 * 1024;
/** How long output may wait to be drawn besides the time on the network: what Ctrl-C waits for. */
const AIM_MS = 250;

/**
 * How many bytes may be under way to a viewer: less for a page that draws slowly, so that an interrupt is felt soon there too, and
 * no less for one that is far away. Pure; instants are in ms.
 */
export class DrawWindow {
  bytes = MOST_BYTES;
  private readonly sent: { to: number; at: number; isAlone: boolean }[] = [];
  private sentBytes = 0;
  private drawnBytes = 0;
  /** How long the network takes, there and back. */
  private roadMs = Number.POSITIVE_INFINITY;
  /** What was under way at the last change says nothing about the size since. */
  private changedAt = 0;

  sentTo(to: number, now: number): void {
    this.sent.push({ to, at: now, isAlone: this.sent.length === 0 });
    this.sentBytes = to;
  }

  drewTo(to: number, now: number): void {
    let last: { at: number; isAlone: boolean } | undefined;
    while (this.sent[0] && this.sent[0].to <= to) last = this.sent.shift();
    if (!last) return;
    const [tookMs, drawn] = [now - last.at, to - this.drawnBytes];
    this.drawnBytes = to;
    // What was sent alone waited for nothing else.
    this.roadMs = last.isAlone ? tookMs : Math.min(this.roadMs, tookMs);
    const waitedMs = tookMs - this.roadMs;
    if (waitedMs <= AIM_MS) {
      const more = (LEAST_BYTES / 4) * Math.min(1, drawn / this.bytes);
      this.bytes = Math.min(MOST_BYTES, this.bytes + more);
    } else if (to > this.changedAt) {
      this.bytes = Math.max(LEAST_BYTES, (this.bytes * AIM_MS) / waitedMs);
      this.changedAt = this.sentBytes;
    }
  }
}
