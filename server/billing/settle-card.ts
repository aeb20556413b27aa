import type { Ctx } from '../context';
import { newId } from '../ids';
import { isRefused, type Payments } from './payments';
import { isKnownStatus } from './sync/choose-subscription';
import { customerOf, type MethodFacts, methodOf, type SubscriptionFacts } from './sync/read-stripe';

/**
 * Makes the customer's default payment method the charged one. Checkout pins a card to the subscription, and a pinned
 * card overrides one chosen later on the provider's page; so the later of the two becomes the customer's default, and
 * the pin is removed. Returns whether a card was pinned. Throws BILLING_UNAVAILABLE.
 */
export async function settleCard(
  ctx: Ctx,
  payments: Payments,
  customer: string,
  all: SubscriptionFacts[],
): Promise<boolean> {
  // A first payment under way is left to finish.
  const pinned = all.filter(
    (one) => one.isPinned && !one.ended && isKnownStatus(one.status) && one.status !== 'incomplete',
  );
  for (const one of pinned) {
    try {
      await unpin(payments, customer, one);
    } catch (error) {
      if (!isRefused(error)) throw error;
      ctx.log.warn({ err: error, subscription: one.id }, 'a card stays pinned to its subscription');
      return false;
    }
  }
  return pinned.length > 0;
}

/** Decides on a new read, so that a card changed since the pin was found is not changed back. */
async function unpin(
  payments: Payments,
  customer: string,
  { id, createdAt }: SubscriptionFacts,
): Promise<void> {
  const expand = ['default_payment_method', 'customer.invoice_settings.default_payment_method'];
  const found = await payments.ask((stripe) => stripe.subscriptions.retrieve(id, { expand }));
  const own = methodOf(found.default_payment_method);
  if (!own) return;
  const theirs = methodOf(customerOf(found)?.invoice_settings.default_payment_method);
  const chosen = laterMethod(createdAt, own, theirs);
  if (chosen.id !== theirs?.id) {
    await payments.make(`card:${customer}:${chosen.id}:${newId()}`, (stripe, once) =>
      stripe.customers.update(customer, { invoice_settings: { default_payment_method: chosen.id } }, once),
    );
  }
  await payments.make(`unpin:${id}:${newId()}`, (stripe, once) =>
    stripe.subscriptions.update(id, { default_payment_method: '' }, once),
  );
}

/** Returns the later chosen of a subscription's own card and the customer's. Pure. */
function laterMethod(createdAt: number, own: MethodFacts, theirs: MethodFacts | null): MethodFacts {
  // A long-saved card counts as chosen when it buys a subscription.
  const pinnedAt = Math.max(createdAt, own.createdAt);
  return theirs && theirs.createdAt > pinnedAt ? theirs : own;
}
