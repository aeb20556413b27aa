import type { Ctx } from '../context';
import { DomainError } from '../errors';
import { newId } from '../ids';
import type { BillingSummary } from '../shapes';
import { auditChange } from './audit-change';
import { describeBilling, type Whose } from './describe-billing';
import { needLiving } from './need-living';
import type { Payments } from './payments';
import { dropPendingUpdate } from './pending-update';
import { followChange } from './sync/sync-account';
import { withFreshState } from './with-fresh-state';

/**
 * Undoes a scheduled cancellation or downgrade, and a larger plan that waits for the bank; without one, changes
 * nothing. Returns the billing afterwards. Throws INVALID_INPUT, BILLING_UNAVAILABLE.
 */
export function resumeSubscription(ctx: Ctx, whose: Whose): Promise<BillingSummary> {
  return withFreshState(ctx, whose.accountId, () => resumeLiving(ctx, whose));
}

async function resumeLiving(ctx: Ctx, whose: Whose): Promise<BillingSummary> {
  const { payments, stored } = await needLiving(ctx, whose.accountId);
  const id = stored.stripeSubscriptionId;
  await dropPendingUpdate(ctx, payments, stored);
  if (stored.scheduleId) await releaseSchedule(payments, stored.scheduleId);
  const keep = stored.cancelAt === null ? null : await findKeep(payments, id);
  if (keep) {
    const kept = await payments.make(`resume:${id}:${newId()}`, (stripe, once) =>
      stripe.subscriptions.update(id, keep, once),
    );
    if (kept.cancel_at !== null) {
      throw new DomainError(
        'BILLING_UNAVAILABLE',
        'The payment service did not take the cancellation back. Try again in a moment, or write to support.',
      );
    }
  }
  if (stored.scheduleId || stored.cancelAt !== null || stored.pendingUpdate) {
    const before = { pendingPlanId: stored.pendingPlanId, cancelAt: stored.cancelAt };
    await auditChange(ctx, whose, 'billing.resume', before, { planId: stored.planId });
    await followChange(ctx, whose.accountId);
  }
  return describeBilling(ctx, whose);
}

export type Keep = { cancel_at_period_end: false } | { cancel_at: '' };

/** Returns the parameters that take a cancellation back: one by date has its own. Null when there is none any more. */
export async function findKeep(payments: Payments, id: string): Promise<Keep | null> {
  const found = await payments.ask((stripe) => stripe.subscriptions.retrieve(id));
  if (found.cancel_at_period_end) return { cancel_at_period_end: false };
  return found.cancel_at === null ? null : { cancel_at: '' };
}

/** Releases a subscription from its schedule; it continues as it is. One that was released meanwhile is accepted. */
export async function releaseSchedule(payments: Payments, scheduleId: string): Promise<void> {
  const schedule = await payments.ask((stripe) => stripe.subscriptionSchedules.retrieve(scheduleId));
  if (schedule.status !== 'active' && schedule.status !== 'not_started') return;
  await payments.make(`release:${scheduleId}`, (stripe, once) =>
    stripe.subscriptionSchedules.release(scheduleId, {}, once),
  );
}
