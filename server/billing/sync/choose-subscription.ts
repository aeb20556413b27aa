import type { SubscriptionFacts } from './read-stripe';

/** Best first. A status that is not here is unknown: it stands last and gives nothing. */
const RANK = ['active', 'trialing', 'past_due', 'unpaid', 'paused', 'processing', 'incomplete'];
const KNOWN = new Set([...RANK, 'canceled', 'incomplete_expired']);

export const isKnownStatus = (status: string): boolean => KNOWN.has(status);

/** Without a first payment so far. */
const UNFINISHED = new Set(['incomplete', 'processing']);

const FAILING = new Set(['past_due', 'unpaid', 'paused', 'processing', 'incomplete']);

/** True while a subscription lives and is not paid for: cancelled then, it ends at once. */
export const isFailing = (status: string): boolean => FAILING.has(status);

export type Choice = {
  /** The one that counts: the best that lives, else the one that ended last; null when there never was one. */
  chosen: SubscriptionFacts | null;
  /** Others that live beside it. */
  others: SubscriptionFacts[];
};

/** Which of an account's subscriptions counts. `planRank` ranks what a price sells; higher is better. Pure. */
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

/** The place of a subscription's status among the known ones, best first. */
function rankOf({ status }: SubscriptionFacts): number {
  const at = RANK.indexOf(status);
  return at < 0 ? RANK.length : at;
}

const order = (a: SubscriptionFacts, b: SubscriptionFacts): number => (a.id < b.id ? 1 : -1);

/**
 * The subscriptions that one checkout too many made: every one of ours but the oldest of those in the best standing, so
 * that one which is paid for never ends for one which is not. One whose first payment is not finished sold nothing yet, and those that we did not make are left to a person. Pure.
 */
export function surplusOf(all: SubscriptionFacts[]): SubscriptionFacts[] {
  const ours = all
    .filter((one) => !one.ended && !UNFINISHED.has(one.status) && one.checkoutId !== null)
    .sort((a, b) => rankOf(a) - rankOf(b) || a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  return ours.slice(1);
}
