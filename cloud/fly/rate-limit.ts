interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Token buckets per action and identifier: 1 per second with a burst of 3; reads of one machine 5 per second with a
 * burst of 10; deletions of apps 100 per minute.
 */
export class RateLimit {
  private readonly buckets = new Map<string, Bucket>();

  /** Takes one token. Returns false when the bucket is empty and the response must be 429. */
  take(action: string, id: string, now = Date.now()): boolean {
    const [perSecond, burst] = limitOf(action);
    const key = `${action} ${id}`;
    const bucket = this.buckets.get(key) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    this.buckets.set(key, bucket);
    if (this.buckets.size > 50_000) this.buckets.clear();
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

function limitOf(action: string): [perSecond: number, burst: number] {
  if (action === 'machine.get') return [5, 10];
  if (action === 'app.delete') return [100 / 60, 100];
  return [1, 3];
}
