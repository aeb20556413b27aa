import Stripe from 'stripe';
import { type Env, isTestKey } from '../env';
import { DomainError } from '../errors';
import { metrics } from '../metrics';
import { asksBank, refusalSentence } from './refused-card';

type Once = { idempotencyKey: string };

/** The payment provider. A write requires the key under which it happens at most once. */
export type Payments = {
  /** True for a test key: no card is charged. */
  readonly test: boolean;
  /**
   * Returns the account and mode of the key, such as `acct_1:live`; `?:live` when the key may not read it. Read once.
   */
  account(): Promise<string>;
  ask<T>(read: (stripe: Stripe) => Promise<T>): Promise<T>;
  make<T>(key: string, write: (stripe: Stripe, once: Once) => Promise<T>): Promise<T>;
};

const TIMEOUT_MS = 10_000;
/** How often a write is retried that is under way elsewhere under the same key, and the pause between. */
const MOST_TRIES = 8;
const BUSY_PAUSE_MS = 500;

/**
 * Returns the provider for the key in the environment, or null without one. Both calls throw BILLING_UNAVAILABLE when
 * the provider does not answer in time, PAYMENT_FAILED when a card was refused, PAYMENT_ACTION_REQUIRED when its bank
 * needs a confirmation, and the provider's own error for an invalid request.
 */
export function openPayments(
  env: Pick<Env, 'STRIPE_SECRET_KEY' | 'STRIPE_API_URL'>,
  patienceMs = TIMEOUT_MS,
): Payments | null {
  if (!env.STRIPE_SECRET_KEY) return null;
  const at = new URL(env.STRIPE_API_URL);
  const stripe = new Stripe(env.STRIPE_SECRET_KEY, {
    host: at.hostname,
    port: at.port || (at.protocol === 'https:' ? 443 : 80),
    protocol: at.protocol === 'https:' ? 'https' : 'http',
    timeout: patienceMs,
    maxNetworkRetries: 1,
    telemetry: false,
    appInfo: { name: 'Hourglass' },
  });
  const isTest = isTestKey(env.STRIPE_SECRET_KEY);
  return {
    test: isTest,
    account: rememberAccount(stripe, isTest ? 'test' : 'live'),
    ask: (read) => translate(() => read(stripe)),
    make: (key, write) => translate(() => insist(key, (once) => write(stripe, once))),
  };
}

/** The account of a key does not change while the process runs; a failed read is repeated. */
function rememberAccount(stripe: Stripe, mode: string): () => Promise<string> {
  let known: Promise<string> | undefined;
  const ask = () =>
    translate(() => stripe.accounts.retrieveCurrent()).then(
      ({ id }) => `${id}:${mode}`,
      (error) => {
        if (isRefused(error)) return `?:${mode}`;
        known = undefined;
        throw error;
      },
    );
  return () => {
    known ??= ask();
    return known;
  };
}

/**
 * Runs a write under its key and waits while that key is in use elsewhere. The provider stores its own defects under
 * the key for a day, so after one the write moves to the next key, which all callers derive alike. Every write here may
 * be made twice without harm.
 */
async function insist<T>(key: string, write: (once: Once) => Promise<T>): Promise<T> {
  let spent = 0;
  for (let tries = 1; ; tries++) {
    try {
      return await write({ idempotencyKey: spent === 0 ? key : `${key}:${spent}` });
    } catch (error) {
      if (tries === MOST_TRIES || !(error instanceof Stripe.errors.StripeError)) throw error;
      if (isBusy(error)) await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE_MS));
      else if (isKeptDefect(error)) spent += 1;
      else throw error;
    }
  }
}

const isBusy = (error: Stripe.errors.StripeError): boolean => error.code === 'idempotency_key_in_use';

const isKeptDefect = (error: Stripe.errors.StripeError): boolean =>
  (error.statusCode ?? 0) >= 500 && error.headers?.['idempotent-replayed'] === 'true';

async function translate<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error;
    metrics.paymentErrors.inc({ kind: error.type });
    if (error instanceof Stripe.errors.StripeCardError) throw refusedCard(error);
    if (isAway(error)) throw away(error);
    throw error;
  }
}

/** Connection failures, timeouts, overload and the provider's own defects; also a key that is no longer accepted. */
function isAway(error: Stripe.errors.StripeError): boolean {
  return (
    error instanceof Stripe.errors.StripeConnectionError ||
    error instanceof Stripe.errors.StripeAPIError ||
    error instanceof Stripe.errors.StripeRateLimitError ||
    error instanceof Stripe.errors.StripeAuthenticationError ||
    error instanceof Stripe.errors.StripePermissionError ||
    (error.statusCode ?? 0) >= 500 ||
    isBusy(error)
  );
}

const away = (cause: Error): DomainError =>
  Object.assign(
    new DomainError(
      'BILLING_UNAVAILABLE',
      'The payment service cannot be reached right now. Nothing was changed; try again in a moment.',
    ),
    { cause },
  );

/** Returns the error for a refused card in our own words; a bank that needs a confirmation has its own reason. */
const refusedCard = (error: Stripe.errors.StripeError): DomainError =>
  Object.assign(
    asksBank(error)
      ? new DomainError(
          'PAYMENT_ACTION_REQUIRED',
          'Your bank wants you to confirm this payment. Nothing was changed; pay on the page behind “Pay now”, or use another card.',
        )
      : new DomainError('PAYMENT_FAILED', `${refusalSentence(error)} Nothing was changed; try another card.`),
    { cause: error },
  );

/** Returns whether the provider reports that the named object does not exist (any more). */
export const isGone = (error: unknown, param?: string): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError &&
  error.code === 'resource_missing' &&
  (param === undefined || error.param === param);

/** Returns whether the provider refuses a request as outdated or beyond the key's permissions. */
export const isRefused = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError ||
  error instanceof Stripe.errors.StripeIdempotencyError ||
  (error instanceof DomainError && error.cause instanceof Stripe.errors.StripePermissionError);

/** Returns the provider. Throws NOT_FOR_SALE when payments are not set up. */
export function needPayments(payments: Payments | null): Payments {
  if (payments) return payments;
  throw new DomainError(
    'NOT_FOR_SALE',
    'Payments are not set up here, so no plan can be bought. Ask the operator of this service for more time.',
  );
}
