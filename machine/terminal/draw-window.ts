/** Limits of the bytes under way to a viewer. */
const MOST_BYTES = 256 * 1024;
const LEAST_BYTES = 32 * 1024;
/** Longest time output should wait to be drawn, besides its time on the network; Ctrl-C waits as long. */
const AIM_MS = 250;

/**
 * Computes how many bytes may be under way to a viewer: fewer for a page that draws slowly, so that an interrupt takes
 * effect soon there too, and not fewer for one that is far away. Pure; instants are in ms.
 */
export class DrawWindow {
  bytes = MOST_BYTES;
  private readonly sent: { to: number; at: number; isAlone: boolean }[] = [];
  private sentBytes = 0;
  private drawnBytes = 0;
  /** Round-trip time of the network. */
  private roadMs = Number.POSITIVE_INFINITY;
  /** Bytes sent at the last decrease: an acknowledgement up to here says nothing about the new size. */
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
    // A chunk sent alone waited for no other output, so its time is the round trip.
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
