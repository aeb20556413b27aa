import type Stripe from 'stripe';
import { toUnix } from '../clock';
import { newId } from '../ids';
import type { SellablePlan } from './catalogue/sellable';
import type { Living } from './need-living';
import type { Payments } from './payments';
import { releaseSchedule } from './resume';
import type { StoredSubscription } from './sync/stored-subscription';

/** Schedules a smaller plan for the end of the paid period. The last decision wins. */
export async function scheduleDowngrade({ payments, stored }: Living, sold: SellablePlan): Promise<void> {
  const schedule = await needSchedule(payments, stored);
  const endsAt = stored.cancelAt !== null && stored.cancelAt > stored.periodEnd ? stored.cancelAt : null;
  await payments.make(`downgrade:${schedule.id}:${sold.stripePriceId}:${newId()}`, (stripe, once) =>
    stripe.subscriptionSchedules.update(
      schedule.id,
      {
        // A cancellation later than this period stays.
        end_behavior: endsAt === null ? 'release' : 'cancel',
        proration_behavior: 'none',
        phases: [
          {
            items: [{ price: stored.priceId, quantity: 1 }],
            start_date: schedule.phases[0]?.start_date ?? toUnix(stored.periodStart),
            end_date: toUnix(stored.periodEnd),
          },
          {
            items: [{ price: sold.stripePriceId, quantity: 1 }],
            ...(endsAt === null
              ? { duration: { interval: 'month' as const, interval_count: 1 } }
              : { end_date: toUnix(endsAt) }),
          },
        ],
      },
      once,
    ),
  );
}

/** Returns the schedule whose first phase is the present period: the existing one, or a new one. */
async function needSchedule(
  payments: Payments,
  { stripeSubscriptionId, scheduleId, pendingPlanId }: StoredSubscription,
): Promise<Stripe.SubscriptionSchedule> {
  if (scheduleId && pendingPlanId) {
    return payments.ask((stripe) => stripe.subscriptionSchedules.retrieve(scheduleId));
  }
  // A completed schedule still holds the subscription for a month.
  if (scheduleId) await releaseSchedule(payments, scheduleId);
  const made = payments.make(`schedule:${stripeSubscriptionId}:${newId()}`, (stripe, once) =>
    stripe.subscriptionSchedules.create({ from_subscription: stripeSubscriptionId }, once),
  );
  return made.catch(async (error) => {
    // Decided twice at the same moment: the other call's schedule serves as well.
    const { schedule } = await payments.ask((stripe) =>
      stripe.subscriptions.retrieve(stripeSubscriptionId, { expand: ['schedule'] }),
    );
    if (schedule === null || typeof schedule === 'string') throw error;
    return schedule;
  });
}
