import type { Instant } from '../clock';
import type { CardFacts } from './sync/read-stripe';
import type { StoredSubscription } from './sync/stored-subscription';

/** How long before a card expires its owner is notified, in ms. */
const TOLD_BEFORE_MS = 30 * 86_400_000;

type Paying = Pick<StoredSubscription, 'status' | 'periodEnd' | 'cancelAt'>;

/**
 * Returns the instant of the next charge if the card expires before it and it is at most 30 days away, else null. Pure.
 */
export function chargeAfterExpiry(
  card: CardFacts | null,
  subscription: Paying | null,
  now: Instant,
): Instant | null {
  if (!card || !subscription || !nextChargeAt(subscription)) return null;
  const expiresAt = expiryOf(card);
  const { periodEnd } = subscription;
  return expiresAt !== null && expiresAt <= periodEnd && now >= expiresAt - TOLD_BEFORE_MS ? periodEnd : null;
}

/** Returns when a subscription in good standing is charged next; null when it ends before. Pure. */
export function nextChargeAt({ status, periodEnd, cancelAt }: Paying): Instant | null {
  if (status !== 'active' && status !== 'trialing') return null;
  return cancelAt !== null && cancelAt <= periodEnd ? null : periodEnd;
}

/** Returns the first instant after the last month of a card, such as `11/26`; null for text in another form. */
function expiryOf({ expires }: CardFacts): Instant | null {
  const [month, year] = expires.split('/').map(Number);
  return month && year !== undefined ? Date.UTC(2000 + year, month, 1) : null;
}
