import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { DomainError } from './errors';

export type Rates = {
  /** Counts one start of an account. Throws RATE_LIMITED with the seconds to wait. */
  takeStart(accountId: string): Promise<void>;
  /**
   * Counts one try to sign in, by whom it is for and from where: neither one account under many addresses nor many
   * accounts under one address can be tried for long. Throws RATE_LIMITED with the seconds to wait.
   */
  takeSignIn(email: string, address: string): Promise<void>;
  /** A person who got in has mistyped nothing: their count begins anew. */
  forgetSignIn(email: string): Promise<void>;
  close(): Promise<void>;
};

/** Tries a quarter of an hour: a person mistypes a few times, an office shares an address. */
const SIGN_INS = { perAccount: 10, perAddress: 300, duration: 900 };

/** Shared by all processes through Redis; while Redis is away each process keeps the same limit on its own. */
export function openRates(redisUrl: string, startsPerMinute: number): Rates {
  const redis = new Redis(redisUrl, { enableOfflineQueue: false, maxRetriesPerRequest: 1 });
  redis.on('error', () => {});
  const limiter = (keyPrefix: string, window: { points: number; duration: number }) =>
    new RateLimiterRedis({
      storeClient: redis,
      keyPrefix,
      ...window,
      insuranceLimiter: new RateLimiterMemory(window),
    });
  const starts = limiter('rate:start', { points: startsPerMinute, duration: 60 });
  const { duration } = SIGN_INS;
  const byAccount = limiter('rate:sign-in', { points: SIGN_INS.perAccount, duration });
  const byAddress = limiter('rate:sign-in-from', { points: SIGN_INS.perAddress, duration });
  return {
    takeSignIn: async (email, address) => {
      const sentence = 'There were too many tries to sign in.';
      await take(byAddress, address, sentence);
      await take(byAccount, hashAddress(email), sentence);
    },
    forgetSignIn: async (email) => void (await byAccount.delete(hashAddress(email)).catch(() => false)),
    takeStart: (accountId) => take(starts, accountId, 'You started sessions too often within a minute.'),
    close: async () => redis.disconnect(),
  };
}

/** Two spellings of one address are one account; the address itself is kept nowhere. */
const hashAddress = (email: string): string =>
  createHash('sha256').update(email.trim().toLowerCase()).digest('base64url');

/** No limits: for commands and tests that count something else. */
export const noRates: Rates = {
  takeStart: async () => {},
  takeSignIn: async () => {},
  forgetSignIn: async () => {},
  close: async () => {},
};

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
