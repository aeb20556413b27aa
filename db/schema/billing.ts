import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { account } from './account';
import { instant } from './instant';
import { plan } from './quota';

/**
 * One customer of the payment provider an account. Tickets order the reads of a subscription: a read draws one before
 * it asks, and is applied only while no later ticket was.
 */
export const billingCustomer = pgTable(
  'billing_customer',
  {
    accountId: text('account_id')
      .primaryKey()
      .references(() => account.id),
    stripeCustomerId: text('stripe_customer_id').unique(),
    /** Part of the idempotency key of the customer: a new one only after the provider lost the old. */
    generation: integer('generation').notNull().default(1),
    ticketDrawn: bigint('ticket_drawn', { mode: 'number' }).notNull().default(0),
    ticketApplied: bigint('ticket_applied', { mode: 'number' }).notNull().default(0),
    /** The provider charges a customer in one currency for good. */
    currency: text('currency'),
    cardBrand: text('card_brand'),
    cardLast4: text('card_last4'),
    cardExpires: text('card_expires'),
    syncedAt: instant('synced_at'),
  },
  (t) => [index('billing_customer_synced').on(t.syncedAt)],
);

/** What the payment provider last said about an account's subscription. `plan_id` is null while its price is unknown. */
export const subscription = pgTable('subscription', {
  accountId: text('account_id')
    .primaryKey()
    .references(() => account.id),
  stripeSubscriptionId: text('stripe_subscription_id').notNull().unique(),
  itemId: text('item_id').notNull(),
  planId: text('plan_id').references(() => plan.id),
  priceId: text('price_id').notNull(),
  status: text('status').notNull(),
  currency: text('currency').notNull(),
  /** What a month costs, in minor units. */
  amount: integer('amount').notNull(),
  startedAt: instant('started_at').notNull(),
  periodStart: instant('period_start').notNull(),
  periodEnd: instant('period_end').notNull(),
  /** End of the last period that was paid. On a failed renewal the period itself has already moved on. */
  paidUntil: instant('paid_until'),
  cancelAt: instant('cancel_at'),
  scheduleId: text('schedule_id'),
  pendingPlanId: text('pending_plan_id'),
  pendingAt: instant('pending_at'),
  latestInvoiceId: text('latest_invoice_id'),
  /** What the latest invoice still asks for, in minor units; 0 when it is paid. */
  amountOpen: integer('amount_open').notNull().default(0),
  nextPaymentAttemptAt: instant('next_payment_attempt_at'),
  /**
   * The time that paid invoices bought, of this month and later. Null, the default, is a row of a build from before quotas
   * were prorated: it keeps its whole month, so that nobody loses what they had.
   */
  bought: jsonb('bought'),
});

/** Every price that ever sold a plan, so that an old subscription still names its plan. */
export const planPrice = pgTable('plan_price', {
  stripePriceId: text('stripe_price_id').primaryKey(),
  planId: text('plan_id')
    .notNull()
    .references(() => plan.id),
  /** Minor units of a month by currency. */
  amounts: jsonb('amounts').notNull(),
  seenAt: instant('seen_at').notNull().default(sql`hg_clock()`),
});

/** A way to the provider's payment page. At most one per account is current: a second one would be a second charge. */
export const checkout = pgTable(
  'checkout',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    /** What is sold: a plan, or a pack. */
    planId: text('plan_id'),
    packId: text('pack_id'),
    priceId: text('price_id').notNull(),
    currency: text('currency').notNull(),
    /** Where the person came from; a path of ours. */
    backTo: text('back_to').notNull(),
    stripeSessionId: text('stripe_session_id').unique(),
    isCurrent: boolean('is_current').notNull().default(true),
    createdAt: instant('created_at').notNull().default(sql`hg_clock()`),
  },
  (t) => [
    uniqueIndex('checkout_current').on(t.accountId).where(sql`is_current`),
    check('checkout_sells', sql`num_nonnulls(${t.planId}, ${t.packId}) = 1`),
  ],
);

/** Every event the payment provider told, once. It only says that something changed; nothing is read from it but whom. */
export const stripeEvent = pgTable(
  'stripe_event',
  {
    id: text('id').primaryKey(),
    type: text('type').notNull(),
    accountId: text('account_id'),
    createdAt: instant('created_at').notNull(),
    receivedAt: instant('received_at').notNull().default(sql`hg_clock()`),
    processedAt: instant('processed_at'),
    attempts: integer('attempts').notNull().default(0),
    error: text('error'),
  },
  (t) => [index('stripe_event_open').on(t.receivedAt).where(sql`processed_at is null`)],
);

/** Things that were made once at the payment provider for this installation, such as the portal configuration. */
export const stripeSetup = pgTable('stripe_setup', {
  name: text('name').primaryKey(),
  value: jsonb('value').notNull(),
});

/** That a person had a trial: hashes of sign-in identities and of the normalised address. Outlives the account. */
export const trialMark = pgTable('trial_mark', {
  hash: text('hash').primaryKey(),
  at: instant('at').notNull().default(sql`hg_clock()`),
});
