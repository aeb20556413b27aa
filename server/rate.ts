import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { DomainError } from './errors';

export type Rates = {
  /** Counts one start of an account. Throws RATE_LIMITED with the seconds to wait. */
  takeStart(accountId: string): Promise<void>;
  close(): Promise<void>;
};

/** Shared by all processes through Redis; while Redis is away each process keeps the same limit on its own. */
export function openRates(redisUrl: string, startsPerMinute: number): Rates {
  const redis = new Redis(redisUrl, { enableOfflineQueue: false, maxRetriesPerRequest: 1 });
  redis.on('error', () => {});
  const window = { points: startsPerMinute, duration: 60 };
  const starts = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: 'rate:start',
    ...window,
    insuranceLimiter: new RateLimiterMemory(window),
  });
  return {
    takeStart: (accountId) => take(starts, accountId, 'You started sessions too often within a minute.'),
    close: async () => redis.disconnect(),
  };
}

/** No limits: for commands and tests that count something else. */
export const noRates: Rates = { takeStart: async () => {}, close: async () => {} };

async function take(limiter: RateLimiterRedis, key: string, sentence: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    const retryAfterSeconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
    throw new DomainError('RATE_LIMITED', `${sentence} Try again in ${retryAfterSeconds} s.`, {
      retryAfterSeconds,
    });
  }
}
