import type { Ctx } from '../context';
import { DomainError } from '../errors';
import { metrics } from '../metrics';
import { confirmUrl } from './checkout/lead-to-bank';
import { isRefused, type Payments } from './payments';
import { findKeep, releaseSchedule } from './resume';
import type { StoredSubscription } from './sync/stored-subscription';

/** Returns the 402 for a payment that its owner has to confirm with their bank. */
export const actionRequired = (appUrl: string, invoiceId: string): DomainError =>
  new DomainError(
    'PAYMENT_ACTION_REQUIRED',
    'Your bank wants you to confirm this payment. Nothing was changed; open the page of your bank and confirm it there.',
    { url: confirmUrl(appUrl, invoiceId) },
  );

/** Takes back a larger plan that waits for the bank: its invoice is voided, and nothing is charged. */
export async function dropPendingUpdate(
  ctx: Ctx,
  payments: Payments,
  { pendingUpdate }: Pick<StoredSubscription, 'pendingUpdate'>,
): Promise<void> {
  const id = pendingUpdate?.invoiceId;
  if (!id) return;
  await payments
    .make(`void:${id}`, (stripe, once) => stripe.invoices.voidInvoice(id, {}, once))
    .catch((error) => {
      // Confirmed or gone at the same moment: the next read tells which.
      if (!isRefused(error)) throw error;
      ctx.log.warn({ err: error, invoice: id }, 'a change that waits for the bank could not be taken back');
    });
}

/**
 * Drops a scheduled cancellation or downgrade after a larger plan was confirmed and paid, as after any upgrade. Returns
 * whether there was one. One that cannot be dropped stays visible, with an alarm.
 */
export async function keepUpgraded(
  ctx: Ctx,
  payments: Payments,
  { stripeSubscriptionId: id, scheduleId, cancelAt }: StoredSubscription,
): Promise<boolean> {
  if (!scheduleId && cancelAt === null) return false;
  try {
    if (scheduleId) await releaseSchedule(payments, scheduleId);
    const keep = cancelAt === null ? null : await findKeep(payments, id);
    if (keep) {
      await payments.make(`keep:${id}:${cancelAt}`, (stripe, once) =>
        stripe.subscriptions.update(id, keep, once),
      );
    }
    return true;
  } catch (error) {
    metrics.billingAlarms.inc({ kind: 'downgrade_left' });
    ctx.log.error({ err: error, subscription: id }, 'a paid upgrade still has an end or a downgrade to come');
    return false;
  }
}
