import { setTimeout as pause } from 'node:timers/promises';

/**
 * The provider allows one request a second for each action and identifier, with a burst of three (reads five, ten). It
 * names no limit for the lists of an organisation: they keep that of reads, and a refusal is waited out.
 * Waiting happens here, per identifier, so that a busy machine never delays another one.
 * Source: Fly Machines API, "Rate limits".
 */
type Allowance = { perSecond: number; burst: number };

const WRITE: Allowance = { perSecond: 1, burst: 3 };
const READ: Allowance = { perSecond: 5, burst: 10 };
/** Apps of the whole organisation: 100 a minute. */
const DELETE_APP: Allowance = { perSecond: 100 / 60, burst: 3 };
/** The identifier of what is limited for everything together. */
export const ALL = '*';
/** Buckets that have been full for this long are forgotten. */
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
   * Waits until this action on this identifier is allowed again; throws at once, and takes nothing, when that is further
   * away than the caller's patience: what cannot be sent in time must not hold back what comes later.
   */
  async take(action: string, id: string, patienceMs: number): Promise<void> {
    const waitMs = this.reserve(action, id, patienceMs);
    if (waitMs > patienceMs) throw Object.assign(new Error('asked too often'), { code: 'TOO_OFTEN' });
    if (waitMs > 0) await pause(waitMs);
  }

  /** Takes one token, unless it is further away than `patienceMs`; returns how long to wait before using it, in ms. */
  reserve(action: string, id: string, patienceMs = Number.POSITIVE_INFINITY): number {
    const { perSecond, burst } = allowanceOf(action);
    const now = this.now();
    this.forget(now);
    const key = `${action}:${id}`;
    const bucket = this.buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond) - 1;
    const waitMs = tokens >= 0 ? 0 : Math.ceil((-tokens / perSecond) * 1000);
    if (waitMs <= patienceMs) this.buckets.set(key, { tokens, at: now });
    return waitMs;
  }

  private forget(now: number): void {
    if (now - this.sweptAt < FORGET_MS) return;
    this.sweptAt = now;
    for (const [key, bucket] of this.buckets) if (now - bucket.at > FORGET_MS) this.buckets.delete(key);
  }
}
