import type Stripe from 'stripe';
import { toUnix } from '../clock';
import { newId } from '../ids';
import type { Living } from './need-living';
import type { Payments } from './payments';
import type { SellablePlan } from './sellable';
import type { StoredSubscription } from './stored-subscription';

/** Puts a smaller plan in force at the end of the period that is paid for. Deciding twice keeps the last decision. */
export async function scheduleDowngrade({ payments, stored }: Living, sold: SellablePlan): Promise<void> {
  const id = stored.scheduleId ?? (await openSchedule(payments, stored)).id;
  await payments.make(`downgrade:${id}:${sold.stripePriceId}:${newId()}`, (stripe, once) =>
    stripe.subscriptionSchedules.update(
      id,
      {
        end_behavior: 'release',
        proration_behavior: 'none',
        phases: [
          {
            items: [{ price: stored.priceId, quantity: 1 }],
            start_date: toUnix(stored.periodStart),
            end_date: toUnix(stored.periodEnd),
          },
          {
            items: [{ price: sold.stripePriceId, quantity: 1 }],
            duration: { interval: 'month', interval_count: 1 },
          },
        ],
      },
      once,
    ),
  );
}

const openSchedule = (
  payments: Payments,
  { stripeSubscriptionId }: StoredSubscription,
): Promise<Stripe.SubscriptionSchedule> =>
  payments.make(`schedule:${stripeSubscriptionId}:${newId()}`, (stripe, once) =>
    stripe.subscriptionSchedules.create({ from_subscription: stripeSubscriptionId }, once),
  );
