type Bucket = { tokens: number; at: number; recent: number[] };

/** A caller's clock and ours never agree to the millisecond: a call this much too early is none. */
const SLACK = 0.1;

/**
 * Counts calls as the provider's limit does, by action and identifier: one a second with a burst of three, reads five
 * with a burst of ten. Remembers how many came too early and how many came within one second at most.
 */
export class RateWatch {
  private readonly buckets = new Map<string, Bucket>();
  calls = 0;
  tooEarly = 0;
  /** The most calls of one action on one identifier within any second, reads apart. */
  readonly most = { writes: 0, reads: 0 };

  /** Notes a call; true when the provider would refuse it. */
  note(action: string, id: string, now = performance.now()): boolean {
    this.calls += 1;
    const isRead = action === 'get';
    const [perSecond, burst] = isRead ? [5, 10] : [1, 3];
    const key = `${action}:${id}`;
    const bucket = this.buckets.get(key) ?? { tokens: burst, at: now, recent: [] };
    this.buckets.set(key, bucket);
    bucket.recent = [...bucket.recent.filter((at) => now - at < 1_000), now];
    const kind = isRead ? 'reads' : 'writes';
    this.most[kind] = Math.max(this.most[kind], bucket.recent.length);
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    if (bucket.tokens < 1 - SLACK) {
      this.tooEarly += 1;
      return true;
    }
    bucket.tokens -= 1;
    return false;
  }

  /** Forgets the counts, not the buckets: what was just asked still counts against the limit. */
  reset(): void {
    this.calls = 0;
    this.tooEarly = 0;
    this.most.writes = 0;
    this.most.reads = 0;
  }
}
