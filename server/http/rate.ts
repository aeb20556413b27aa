import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { DomainError } from '../errors';
import { widerNetworkOf } from './address';

/**
 * Rate limits. Each `take…` counts one attempt and throws RATE_LIMITED, with the seconds to wait, once the limit is
 * exceeded.
 */
export type Rates = {
  /** Counts one start of a session. */
  takeStart(accountId: string): Promise<void>;
  /** Counts calls of one caller, per process, so that a program in a loop cannot starve other callers. */
  takeCalls(caller: string, count: number): Promise<void>;
  /** Counts one request to the payment provider on behalf of an account. */
  takeBilling(accountId: string): Promise<void>;
  /**
   * Limits rejected API keys per address, per process: check with 0 before a lookup, count with 1 after a rejection.
   */
  takeRefusedKeys(address: string, count: 0 | 1): Promise<void>;
  /** Counts one error that a page reports from an address, per process, and all of them together. */
  takeClientError(address: string): Promise<void>;
  /** Counts one connection to a terminal of the account. */
  takeConnect(accountId: string): Promise<void>;
  /** Counts one call of the machine of a run, per process. */
  takeAgentCall(runId: string): Promise<void>;
  /**
   * Counts one attempt to sign in, by email and by address: this bounds attempts on one account from many addresses as
   * well as on many accounts from one address.
   */
  takeSignIn(email: string, address: string): Promise<void>;
  /** Resets the count of an email after a successful sign-in. */
  forgetSignIn(email: string): Promise<void>;
  /** Counts one email that an unauthenticated request sends to an address. */
  takeEmail(email: string): Promise<void>;
  /**
   * Counts one sign-up by network, by address and for the installation. Returns the limit that refuses it, with the
   * seconds to wait; null when it is allowed.
   */
  takeSignUp(address: string): Promise<SignUpRefusal | null>;
  close(): Promise<void>;
};

export type SignUpRefusal = { limit: 'network' | 'address' | 'installation'; retryAfterSeconds: number };

type Window = { points: number; duration: number };

const QUARTER = 900;
/**
 * Attempts to sign in per 15 minutes: `account` allows for typing errors, `address` for an office behind one address.
 * While Redis is away each process counts alone, so it admits only the `alone` part.
 */
const SIGN_INS = {
  account: { together: 10, alone: 3 },
  address: { together: 300, alone: 60 },
};
const EMAILS: Window = { points: 5, duration: 3_600 };
/** Sign-ups per day: `address` for an office behind one address, `network` for a holder of many addresses. */
const SIGN_UPS = { address: 100, network: 300 };
const perDay = (points: number): Window => ({ points, duration: 86_400 });
const CONNECTS_PER_MINUTE = 120;
const AGENT_CALLS_PER_MINUTE = 240;
/** Errors of pages per minute: one broken page repeats itself, and a broken release breaks for all. */
const CLIENT_ERRORS_PER_MINUTE = { address: 10, all: 120 };
/** Calls of all kinds per minute, for each start per minute that is allowed. */
const CALLS_PER_START = 300;
/**
 * Requests to the payment provider per minute and account. All accounts share the provider's own limit. Grows with the
 * allowed starts, and never falls below what a page needs that waits for a payment.
 */
const BILLING = { perStart: 6, atLeast: 60 };
/** After this time without an answer Redis is treated as away. */
const TIMEOUT_MS = 1_000;

function connect(url: string): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: TIMEOUT_MS,
  });
  redis.on('error', () => {});
  return redis;
}

/**
 * Opens the rate limits. Redis shares the counts among all processes; while it is away each process counts on its own,
 * so nothing goes uncounted.
 */
export function openRates(redisUrl: string, startsPerMinute: number, signUpsPerDay = 1_000): Rates {
  const redis = connect(redisUrl);
  const shared = sharedOn(redis);
  const tries = (keyPrefix: string, { together, alone }: { together: number; alone: number }) =>
    shared(keyPrefix, { points: together, duration: QUARTER }, alone);

  const starts = shared('rate:start', { points: startsPerMinute, duration: 60 });
  const connects = shared('rate:connect', { points: CONNECTS_PER_MINUTE, duration: 60 });
  const billing = shared('rate:billing', {
    points: Math.max(BILLING.atLeast, BILLING.perStart * startsPerMinute),
    duration: 60,
  });
  const byAccount = tries('rate:sign-in', SIGN_INS.account);
  const byAddress = tries('rate:sign-in-from', SIGN_INS.address);
  const messages = shared('rate:email', EMAILS);
  const calls = new RateLimiterMemory({ points: CALLS_PER_START * startsPerMinute, duration: 60 });
  const agentCalls = new RateLimiterMemory({ points: AGENT_CALLS_PER_MINUTE, duration: 60 });
  return {
    takeStart: (accountId) => take(starts, accountId, 'You started sessions too often within a minute.'),
    takeCalls: (caller, count) => take(calls, caller, 'You sent too many requests within a minute.', count),
    takeBilling: (accountId) =>
      take(billing, accountId, 'You sent too many payment requests within a minute.'),
    takeRefusedKeys: (address, count) =>
      take(calls, `refused:${address}`, 'Too many invalid keys came from your address.', count),
    takeConnect: (accountId) =>
      take(connects, accountId, 'You opened terminals, files or commands too often within a minute.'),
    takeClientError: countErrors(),
    takeAgentCall: (runId) => take(agentCalls, runId, 'This machine sent too many requests within a minute.'),
    takeSignIn: async (email, address) => {
      const sentence = 'There were too many attempts to sign in.';
      await take(byAddress, address, sentence);
      await take(byAccount, hashAddress(email), sentence);
    },
    forgetSignIn: async (email) => void (await byAccount.delete(hashAddress(email)).catch(() => false)),
    takeEmail: (email) =>
      take(messages, hashAddress(email), 'Too many emails were requested for this address.'),
    takeSignUp: countSignUps({
      network: shared('rate:sign-up-network', perDay(SIGN_UPS.network)),
      address: shared('rate:sign-up', perDay(SIGN_UPS.address)),
      installation: shared('rate:sign-up-all', perDay(signUpsPerDay)),
    }),
    close: async () => redis.disconnect(),
  };
}

/** Returns what makes a count that all processes share in Redis; while it is away each process admits `alone` by itself. */
const sharedOn =
  (redis: Redis) =>
  (keyPrefix: string, window: Window, alone = window.points): RateLimiterRedis =>
    new RateLimiterRedis({
      storeClient: redis,
      keyPrefix,
      ...window,
      insuranceLimiter: new RateLimiterMemory({ ...window, points: alone }),
    });

/** Returns a count of reported errors: each is counted for its address, and what that admits for all of them together. */
function countErrors(): Rates['takeClientError'] {
  const each = new RateLimiterMemory({ points: CLIENT_ERRORS_PER_MINUTE.address, duration: 60 });
  const all = new RateLimiterMemory({ points: CLIENT_ERRORS_PER_MINUTE.all, duration: 60 });
  const sentence = 'Too many errors were reported within a minute.';
  return async (address) => {
    await take(each, address, sentence);
    await take(all, 'all', sentence);
  };
}

/** Returns `takeSignUp` over these limits, in the order in which they are asked. */
function countSignUps(limiters: Record<SignUpRefusal['limit'], RateLimiterRedis>): Rates['takeSignUp'] {
  return async (address) => {
    const keys = { network: widerNetworkOf(address), address, installation: 'all' };
    for (const limit of ['network', 'address', 'installation'] as const) {
      const retryAfterSeconds = await consume(limiters[limit], keys[limit], 1);
      if (retryAfterSeconds !== null) return { limit, retryAfterSeconds };
    }
    return null;
  };
}

/** Hashes the normalised email, so that spellings of one email share a count and Redis never holds the email itself. */
const hashAddress = (email: string): string =>
  createHash('sha256').update(email.trim().toLowerCase()).digest('base64url');

async function take(
  limiter: RateLimiterRedis | RateLimiterMemory,
  key: string,
  sentence: string,
  count = 1,
): Promise<void> {
  const retryAfterSeconds = await consume(limiter, key, count);
  if (retryAfterSeconds !== null)
    throw new DomainError('RATE_LIMITED', `${sentence} Try again in ${retryAfterSeconds} s.`, {
      retryAfterSeconds,
    });
}

/** Counts; returns the seconds to wait once the limit is exceeded, null before. */
async function consume(
  limiter: RateLimiterRedis | RateLimiterMemory,
  key: string,
  count: number,
): Promise<number | null> {
  try {
    await limiter.consume(key, count);
    return null;
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    return Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
  }
}
