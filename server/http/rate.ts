import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { DomainError } from '../errors';

/** Each counts and throws RATE_LIMITED, with the seconds to wait, once there was too much of it. */
export type Rates = {
  /** One start of an account. */
  takeStart(accountId: string): Promise<void>;
  /** Calls of one caller, in this process: no program in a loop may keep the others waiting. */
  takeCalls(caller: string, count: number): Promise<void>;
  /** One question to the payment provider for an account. */
  takeBilling(accountId: string): Promise<void>;
  /**
   * Whether keys from an address are looked up at all, in this process: the ones that were refused count (1), and before
   * the next one it is asked whether there were too many (0).
   */
  takeRefusedKeys(address: string, count: 0 | 1): Promise<void>;
  /** One way to a terminal of an account. */
  takeConnect(accountId: string): Promise<void>;
  /** One call of the machine of a run, in this process. */
  takeAgentCall(runId: string): Promise<void>;
  /**
   * One try to sign in, by whom it is for and from where: neither one account under many addresses nor many accounts
   * under one address can be tried for long.
   */
  takeSignIn(email: string, address: string): Promise<void>;
  /** A person who got in has mistyped nothing: their count begins anew. */
  forgetSignIn(email: string): Promise<void>;
  /** One email that somebody makes us write to an address. */
  takeEmail(email: string): Promise<void>;
  /** One new person from an address. */
  takeSignUp(address: string): Promise<void>;
  close(): Promise<void>;
};

type Window = { points: number; duration: number };

const QUARTER = 900;
/**
 * Tries to sign in a quarter of an hour: a person mistypes a few times, an office shares an address. While Redis is away
 * nobody counts for all processes together, so each of them admits only a part.
 */
const SIGN_INS = {
  account: { together: 10, alone: 3 },
  address: { together: 300, alone: 60 },
};
const EMAILS: Window = { points: 5, duration: 3_600 };
const SIGN_UPS: Window = { points: 100, duration: 86_400 };
const CONNECTS_PER_MINUTE = 120;
const AGENT_CALLS_PER_MINUTE = 240;
/** Calls of all kinds a minute, for each start a minute: whoever may start more asks more. */
const CALLS_PER_START = 300;
/**
 * Questions to the payment provider a minute: all accounts share what it allows us. More where more may be started, and
 * never fewer than somebody needs who waits for their payment.
 */
const BILLING = { perStart: 6, atLeast: 60 };
/** A Redis that hangs is one that is away. */
const TIMEOUT_MS = 1_000;

/** Shared by all processes through Redis; while Redis is away each process counts on its own, and nothing is uncounted. */
export function openRates(redisUrl: string, startsPerMinute: number): Rates {
  const redis = new Redis(redisUrl, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: TIMEOUT_MS,
  });
  redis.on('error', () => {});
  const shared = (keyPrefix: string, window: Window, alone = window.points) =>
    new RateLimiterRedis({
      storeClient: redis,
      keyPrefix,
      ...window,
      insuranceLimiter: new RateLimiterMemory({ ...window, points: alone }),
    });
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
  const signUps = shared('rate:sign-up', SIGN_UPS);
  const calls = new RateLimiterMemory({ points: CALLS_PER_START * startsPerMinute, duration: 60 });
  const agentCalls = new RateLimiterMemory({ points: AGENT_CALLS_PER_MINUTE, duration: 60 });
  return {
    takeStart: (accountId) => take(starts, accountId, 'You started sessions too often within a minute.'),
    takeCalls: (caller, count) => take(calls, caller, 'You asked too often within a minute.', count),
    takeBilling: (accountId) =>
      take(billing, accountId, 'You asked about payments too often within a minute.'),
    takeRefusedKeys: (address, count) =>
      take(calls, `refused:${address}`, 'Too many keys from your address were refused.', count),
    takeConnect: (accountId) =>
      take(connects, accountId, 'You opened terminals, files or commands too often within a minute.'),
    takeAgentCall: (runId) => take(agentCalls, runId, 'This machine asked too often within a minute.'),
    takeSignIn: async (email, address) => {
      const sentence = 'There were too many tries to sign in.';
      await take(byAddress, address, sentence);
      await take(byAccount, hashAddress(email), sentence);
    },
    forgetSignIn: async (email) => void (await byAccount.delete(hashAddress(email)).catch(() => false)),
    takeEmail: (email) => take(messages, hashAddress(email), 'Too many emails were asked for this address.'),
    takeSignUp: (address) => take(signUps, address, 'Too many people signed up from your address today.'),
    close: async () => redis.disconnect(),
  };
}

/** Two spellings of one address are one account; the address itself is kept nowhere. */
const hashAddress = (email: string): string =>
  createHash('sha256').update(email.trim().toLowerCase()).digest('base64url');

async function take(
  limiter: RateLimiterRedis | RateLimiterMemory,
  key: string,
  sentence: string,
  count = 1,
): Promise<void> {
  try {
    await limiter.consume(key, count);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    const retryAfterSeconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
    throw new DomainError('RATE_LIMITED', `${sentence} Try again in ${retryAfterSeconds} s.`, {
      retryAfterSeconds,
    });
  }
}
