type Bucket = { tokens: number; at: number; recent: number[] };

/**
 * The caller's clock and this one never agree to the millisecond; a call up to this share of a token early is accepted.
 */
const SLACK = 0.1;

/**
 * Counts calls as the provider's limit does, by action and identifier: one per second with a burst of three, reads five
 * per second with a burst of ten. Records how many came too early, and the most within one second.
 */
export class RateWatch {
  private readonly buckets = new Map<string, Bucket>();
  calls = 0;
  tooEarly = 0;
  /** The most calls of one action on one identifier within any second, with reads counted separately. */
  readonly most = { writes: 0, reads: 0 };

  /** Records a call; returns true when the provider would refuse it. */
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

  /** Resets the counts but not the buckets: earlier calls still count against the limit. */
  reset(): void {
    this.calls = 0;
    this.tooEarly = 0;
    this.most.writes = 0;
    this.most.reads = 0;
  }
}
