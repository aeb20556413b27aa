import { setTimeout as pause } from 'node:timers/promises';

/**
 * Rate limits of the Fly Machines API ("Rate limits" in its documentation): one request per second for each action and
 * identifier, with a burst of three (reads five, with a burst of ten). Lists of an organisation have no documented
 * limit, so they use that of reads. Waiting is per identifier, so that a busy machine never delays another one.
 */
type Allowance = { perSecond: number; burst: number };

const WRITE: Allowance = { perSecond: 1, burst: 3 };
const READ: Allowance = { perSecond: 5, burst: 10 };
/** Apps of the whole organisation: 100 per minute. */
const DELETE_APP: Allowance = { perSecond: 100 / 60, burst: 3 };
/** The identifier of actions that are limited in total. */
export const ALL = '*';
/** Buckets that have been full for this long are dropped. */
const FORGET_MS = 60_000;

const allowanceOf = (action: string): Allowance => {
  if (action === 'delete_app') return DELETE_APP;
  return action === 'get' || action === 'list_org' ? READ : WRITE;
};

export class RateKeeper {
  private readonly buckets = new Map<string, { tokens: number; at: number }>();
  private sweptAt = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * Waits until this action on this identifier is allowed. Throws at once, and takes no token, when the wait would
   * exceed `timeoutMs`, so that a call that cannot be sent in time does not delay later ones.
   */
  async take(action: string, id: string, timeoutMs: number): Promise<void> {
    const waitMs = this.reserve(action, id, timeoutMs);
    if (waitMs > timeoutMs)
      throw Object.assign(new Error('rate limit of the provider'), { code: 'TOO_OFTEN' });
    if (waitMs > 0) await pause(waitMs);
  }

  /** Takes one token unless it is more than `timeoutMs` away; returns how long to wait before using it, in ms. */
  reserve(action: string, id: string, timeoutMs = Number.POSITIVE_INFINITY): number {
    const { perSecond, burst } = allowanceOf(action);
    const now = this.now();
    this.forget(now);
    const key = `${action}:${id}`;
    const bucket = this.buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond) - 1;
    const waitMs = tokens >= 0 ? 0 : Math.ceil((-tokens / perSecond) * 1000);
    if (waitMs <= timeoutMs) this.buckets.set(key, { tokens, at: now });
    return waitMs;
  }

  private forget(now: number): void {
    if (now - this.sweptAt < FORGET_MS) return;
    this.sweptAt = now;
    for (const [key, bucket] of this.buckets) if (now - bucket.at > FORGET_MS) this.buckets.delete(key);
  }
}
