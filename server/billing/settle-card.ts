import type { Ctx } from '../context';
import { newId } from '../ids';
import { isKnownStatus } from './choose-subscription';
import { isRefused, type Payments } from './payments';
import type { CustomerFacts, MethodFacts, SubscriptionFacts } from './read-stripe';

/**
 * Makes the customer's default payment method the one that is charged. Checkout pins a card to the subscription, and a
 * pinned one wins over any that is chosen later on the provider's page: so it becomes the customer's, and the pin goes.
 * Answers whether something was changed. Throws BILLING_UNAVAILABLE.
 */
export async function settleCard(
  ctx: Ctx,
  payments: Payments,
  customer: string,
  facts: CustomerFacts,
): Promise<boolean> {
  let held = facts.defaultMethod;
  // A first payment that is under way is left to finish.
  const pinned = facts.subscriptions.filter(
    (one) => !one.ended && isKnownStatus(one.status) && one.status !== 'incomplete',
  );
  for (const one of pinned) {
    if (!one.ownMethod) continue;
    const chosen = laterMethod(one, one.ownMethod, held);
    try {
      if (chosen.id !== held?.id) await makeDefault(payments, customer, chosen.id);
      await payments.make(`unpin:${one.id}:${newId()}`, (stripe, once) =>
        stripe.subscriptions.update(one.id, { default_payment_method: '' }, once),
      );
    } catch (error) {
      if (!isRefused(error)) throw error;
      ctx.log.warn({ err: error, subscription: one.id }, 'a card stays pinned to its subscription');
      return false;
    }
    held = chosen;
  }
  return pinned.some((one) => one.ownMethod);
}

/** Of a subscription's own card and the customer's, the one that was chosen later. Pure. */
export function laterMethod(
  { createdAt }: Pick<SubscriptionFacts, 'createdAt'>,
  own: MethodFacts,
  theirs: MethodFacts | null,
): MethodFacts {
  // A card that was saved long ago is chosen anew when it buys a subscription.
  const pinnedAt = Math.max(createdAt, own.createdAt);
  return theirs && theirs.createdAt > pinnedAt ? theirs : own;
}

const makeDefault = (payments: Payments, customer: string, method: string) =>
  payments.make(`card:${customer}:${method}:${newId()}`, (stripe, once) =>
    stripe.customers.update(customer, { invoice_settings: { default_payment_method: method } }, once),
  );
