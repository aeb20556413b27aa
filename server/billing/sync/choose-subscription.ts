import type { SubscriptionFacts } from './read-stripe';

/** Best first. An unknown status ranks last and gives nothing. */
const RANK = ['active', 'trialing', 'past_due', 'unpaid', 'paused', 'processing', 'incomplete'];
const KNOWN = new Set([...RANK, 'canceled', 'incomplete_expired']);

export const isKnownStatus = (status: string): boolean => KNOWN.has(status);

/** Statuses without a completed first payment. */
const UNFINISHED = new Set(['incomplete', 'processing']);

const FAILING = new Set(['past_due', 'unpaid', 'paused', 'processing', 'incomplete']);

/** Returns whether a subscription lives and is not paid: a cancellation then ends it at once. */
export const isFailing = (status: string): boolean => FAILING.has(status);

export type Choice = {
  /** The one that counts: the best living one, else the one that ended last; null when there never was one. */
  chosen: SubscriptionFacts | null;
  /** Other living subscriptions. */
  others: SubscriptionFacts[];
};

/**
 * Returns which of an account's subscriptions counts. `planRank` returns the rank of a price's plan; higher is better.
 * Pure.
 */
export function chooseSubscription(all: SubscriptionFacts[], planRank: (priceId: string) => number): Choice {
  const better = (a: SubscriptionFacts, b: SubscriptionFacts) =>
    rankOf(a) - rankOf(b) ||
    planRank(b.priceId) - planRank(a.priceId) ||
    b.createdAt - a.createdAt ||
    order(a, b);
  const living = all.filter((one) => !one.ended).sort(better);
  const [chosen, ...others] = living;
  if (chosen) return { chosen, others };
  const ended = all.filter((one) => one.ended).sort((a, b) => b.createdAt - a.createdAt || order(a, b));
  return { chosen: ended[0] ?? null, others: [] };
}

/** Returns the rank of a subscription's status, best first. */
function rankOf({ status }: SubscriptionFacts): number {
  const at = RANK.indexOf(status);
  return at < 0 ? RANK.length : at;
}

const order = (a: SubscriptionFacts, b: SubscriptionFacts): number => (a.id < b.id ? 1 : -1);

/**
 * Returns the subscriptions that a surplus checkout made: every one of ours but the oldest in the best standing, so
 * that a paid one never ends in favour of an unpaid one. One with an unfinished first payment has sold nothing yet, and
 * one that we did not make is left to an operator. Pure.
 */
export function surplusOf(all: SubscriptionFacts[]): SubscriptionFacts[] {
  const ours = all
    .filter((one) => !one.ended && !UNFINISHED.has(one.status) && one.checkoutId !== null)
    .sort((a, b) => rankOf(a) - rankOf(b) || a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  return ours.slice(1);
}
