import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { account } from './account';
import { instant } from './instant';
import { plan } from './quota';

/**
 * One customer at the payment provider per account. Tickets order the reads of a subscription: a read draws a ticket
 * before its request and is applied only if no later ticket was.
 */
export const billingCustomer = pgTable(
  'billing_customer',
  {
    accountId: text('account_id')
      .primaryKey()
      .references(() => account.id),
    stripeCustomerId: text('stripe_customer_id').unique(),
    /** The provider's account and mode that has the customer, such as `acct_1:live`; null until first read. */
    stripeAccount: text('stripe_account'),
    /** Part of the customer's idempotency key; grows only after the provider lost the customer. */
    generation: integer('generation').notNull().default(1),
    ticketDrawn: bigint('ticket_drawn', { mode: 'number' }).notNull().default(0),
    ticketApplied: bigint('ticket_applied', { mode: 'number' }).notNull().default(0),
    /** The provider fixes the currency of a customer with the first charge. */
    currency: text('currency'),
    cardBrand: text('card_brand'),
    cardLast4: text('card_last4'),
    cardExpires: text('card_expires'),
    syncedAt: instant('synced_at'),
  },
  (t) => [index('billing_customer_synced').on(t.syncedAt)],
);

/**
 * The subscription of an account as last read from the payment provider. `plan_id` is null while its price is unknown.
 */
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
  /** The price of a month, in minor units. */
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
  /** Unpaid part of the latest invoice, in minor units; 0 when it is paid. */
  amountOpen: integer('amount_open').notNull().default(0),
  nextPaymentAttemptAt: instant('next_payment_attempt_at'),
  /**
   * The time bought by paid invoices, of this month and later. Null, the default, marks a row of a build from before
   * quotas were prorated: it keeps the quota of its whole month.
   */
  bought: jsonb('bought'),
  /** A larger plan whose payment awaits confirmation; null for none. */
  pendingUpdate: jsonb('pending_update'),
  /** A discount that still reduces invoices; null for none. */
  discount: jsonb('discount'),
});

/**
 * Customers of another provider account or mode than that of the current key; they are linked again when that key
 * returns.
 */
export const archivedCustomer = pgTable(
  'archived_customer',
  {
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    stripeAccount: text('stripe_account').notNull(),
    stripeCustomerId: text('stripe_customer_id').notNull(),
    archivedAt: instant('archived_at').notNull().default(sql`hg_clock()`),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.stripeAccount] })],
);

/** Disputes and fraud warnings against payments of an account. Until each is lifted, nothing is sold to the account. */
export const paymentHold = pgTable(
  'payment_hold',
  {
    /** The provider's id of the dispute or warning. */
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    kind: text('kind').notNull(),
    chargeId: text('charge_id').notNull(),
    paymentIntentId: text('payment_intent_id'),
    /** Minor units. */
    amount: integer('amount').notNull(),
    currency: text('currency').notNull(),
    createdAt: instant('created_at').notNull().default(sql`hg_clock()`),
    liftedAt: instant('lifted_at'),
  },
  (t) => [index('payment_hold_open').on(t.accountId).where(sql`lifted_at is null`)],
);

/** Every price that ever sold a plan, so that an old subscription still resolves to its plan. */
export const planPrice = pgTable('plan_price', {
  stripePriceId: text('stripe_price_id').primaryKey(),
  planId: text('plan_id')
    .notNull()
    .references(() => plan.id),
  /** Minor units per month, by currency. */
  amounts: jsonb('amounts').notNull(),
  seenAt: instant('seen_at').notNull().default(sql`hg_clock()`),
});

/**
 * A checkout at the provider's payment page. At most one per account is current: a second one would be a second charge.
 */
export const checkout = pgTable(
  'checkout',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    /** What is sold: a plan or a pack. */
    planId: text('plan_id'),
    packId: text('pack_id'),
    priceId: text('price_id').notNull(),
    currency: text('currency').notNull(),
    /** The path of this app that the user came from. */
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

/**
 * Every event of the payment provider, once. An event only triggers a read; nothing but its account is taken from it.
 */
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

/** Objects created once at the payment provider for this installation, such as the portal configuration. */
export const stripeSetup = pgTable('stripe_setup', {
  name: text('name').primaryKey(),
  value: jsonb('value').$type<{ id: string }>().notNull(),
});

/** Marks that a person had a trial: hashes of sign-in identities and of the normalised email. Outlives the account. */
export const trialMark = pgTable('trial_mark', {
  hash: text('hash').primaryKey(),
  at: instant('at').notNull().default(sql`hg_clock()`),
});
