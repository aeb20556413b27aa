import type { World } from '../store/world';
import { change } from '../webhooks/events';
import { draftInvoice, voidInvoice } from './invoice-make';
import { collectInvoice } from './payments';
import { creditLines } from './proration';

interface Ending {
  /** Credit the paid, unused time. */
  prorate?: boolean;
  /** Invoice the pending lines at once. */
  invoiceNow?: boolean;
  details?: { comment?: string; feedback?: string };
}

/** Ends a subscription now. Its unpaid invoices stay open but are not retried. */
export function cancelNow(world: World, id: string, reason: string | null, ending: Ending = {}): void {
  const before = world.need('subscriptions', id, 'subscription');
  const now = world.now(before.customer);
  if (ending.prorate && before.status !== 'trialing') {
    world.store
      .edit('subscriptions', id)
      .pending_lines.push(...creditLines(world, before, before.items, now));
  }
  stopCollecting(world, id);
  if (before.pending_update) voidInvoice(world, before.pending_update.invoice);
  if (before.schedule) {
    change(world, 'schedules', before.schedule, 'subscription_schedule.canceled', (schedule) => {
      schedule.status = 'canceled';
      schedule.canceled_at = now;
      schedule.phase = null;
    });
  }
  change(world, 'subscriptions', id, 'customer.subscription.deleted', (record) => {
    record.status = record.status === 'incomplete' ? 'incomplete_expired' : 'canceled';
    record.canceled_at ??= now;
    record.ended_at = now;
    record.schedule = null;
    record.pending_update = null;
    record.cancellation_details = {
      comment: ending.details?.comment ?? record.cancellation_details.comment,
      feedback: ending.details?.feedback ?? record.cancellation_details.feedback,
      reason: reason ?? record.cancellation_details.reason,
    };
  });
  if (ending.invoiceNow) invoiceRest(world, id, now);
}

function stopCollecting(world: World, subscription: string): void {
  for (const { id, subscription: owner, status } of world.store.all('invoices')) {
    if (owner !== subscription || (status !== 'draft' && status !== 'open')) continue;
    const invoice = world.store.edit('invoices', id);
    invoice.auto_advance = false;
    invoice.next_payment_attempt = null;
    invoice.automatically_finalizes_at = null;
  }
}

function invoiceRest(world: World, id: string, now: number): void {
  const record = world.store.edit('subscriptions', id);
  const lines = record.pending_lines.splice(0);
  if (lines.length === 0) return;
  const invoice = draftInvoice(world, {
    subscription: record,
    lines,
    billing_reason: 'subscription_update',
    period_start: record.period_start,
    period_end: now,
  });
  collectInvoice(world, invoice);
}
