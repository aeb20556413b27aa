import type { Sql, TxSql } from '@/db/client';
import type { subscription } from '@/db/schema/billing';
import type { Instant } from '../../clock';
import type { TxCtx } from '../../context';
import type { BoughtTime } from '../../quota/effective-plan';

/** Our row of an account's subscription, as last read from the provider. */
export type StoredSubscription = Omit<typeof subscription.$inferSelect, 'accountId' | 'bought'> & {
  /** Null on a row from before quotas were prorated. */
  bought: BoughtTime[] | null;
  /** A larger plan that waits for the bank. */
  pendingUpdate: PendingUpdate | null;
  discount: Discount | null;
};

/** A reduction of invoices, in percent or in minor units, until `endsAt`; null for as long as the subscription lives. */
export type Discount = { percentOff: number | null; amountOff: number | null; endsAt: Instant | null };

/** Returns what is charged at an instant for an amount, in minor units, with the discount. Pure. */
export function reduced(amount: number, discount: Discount | null, at: Instant): number {
  if (!discount || (discount.endsAt !== null && discount.endsAt <= at)) return amount;
  const { percentOff, amountOff } = discount;
  return Math.max(
    0,
    amount - (percentOff === null ? (amountOff ?? 0) : Math.round((amount * percentOff) / 100)),
  );
}

type PendingUpdate = {
  planId: string | null;
  priceId: string;
  invoiceId: string | null;
  expiresAt: Instant;
};

/** Returns the stored subscription of an account, or null. */
export async function readStored(sql: Sql | TxSql, accountId: string): Promise<StoredSubscription | null> {
  const [row] = await sql<StoredSubscription[]>`
    select stripe_subscription_id as "stripeSubscriptionId", item_id as "itemId", plan_id as "planId",
      price_id as "priceId", status, currency, amount, started_at as "startedAt", period_start as "periodStart",
      period_end as "periodEnd", paid_until as "paidUntil", cancel_at as "cancelAt", schedule_id as "scheduleId",
      pending_plan_id as "pendingPlanId", pending_at as "pendingAt", latest_invoice_id as "latestInvoiceId",
      amount_open as "amountOpen", next_payment_attempt_at as "nextPaymentAttemptAt", bought,
      pending_update as "pendingUpdate", discount
    from subscription where account_id = ${accountId}`;
  return row ?? null;
}

/** Replaces the stored subscription of an account; null removes it. Requires the account lock. */
export async function writeStored(
  { sql }: TxCtx,
  accountId: string,
  next: StoredSubscription | null,
): Promise<void> {
  await sql`delete from subscription where account_id = ${accountId}`;
  if (!next) return;
  await sql`
    insert into subscription (account_id, stripe_subscription_id, item_id, plan_id, price_id, status, currency, amount,
      started_at, period_start, period_end, paid_until, cancel_at, schedule_id, pending_plan_id, pending_at,
      latest_invoice_id, amount_open, next_payment_attempt_at, bought, pending_update, discount)
    values (${accountId}, ${next.stripeSubscriptionId}, ${next.itemId}, ${next.planId}, ${next.priceId}, ${next.status},
      ${next.currency}, ${next.amount}, ${next.startedAt}, ${next.periodStart}, ${next.periodEnd}, ${next.paidUntil},
      ${next.cancelAt}, ${next.scheduleId}, ${next.pendingPlanId}, ${next.pendingAt}, ${next.latestInvoiceId},
      ${next.amountOpen}, ${next.nextPaymentAttemptAt}, ${next.bought && sql.json(next.bought)}, ${next.pendingUpdate && sql.json(next.pendingUpdate)},
      ${next.discount && sql.json(next.discount)})`;
}

const LIVING = new Set(['active', 'trialing', 'past_due', 'unpaid', 'paused', 'processing', 'incomplete']);

/**
 * Returns whether a subscription exists beside which a second one must not be sold, whether it gives its plan or not.
 */
export const isLiving = (stored: StoredSubscription | null): stored is StoredSubscription =>
  stored !== null && LIVING.has(stored.status);
