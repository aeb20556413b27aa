import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { account } from './account';
import { instant } from './instant';

/**
 * Price of each pack by currency, in minor units, as the payment provider charges it. A pack without a row is not for
 * sale.
 */
export const packOffer = pgTable('pack_offer', {
  packId: text('pack_id').primaryKey(),
  prices: jsonb('prices').$type<Record<string, number>>().notNull(),
  stripePriceId: text('stripe_price_id').notNull(),
});

/**
 * Compute paid once: one row per payment, as last read from the provider. Its usage sums are those of the period
 * `pack:<id>` in `usage_period`.
 */
export const pack = pgTable(
  'pack',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    /** The pack for sale that was bought. */
    packId: text('pack_id').notNull(),
    stripePaymentId: text('stripe_payment_id').notNull().unique(),
    seconds: integer('seconds').notNull(),
    /** The amount paid and the part refunded, in minor units. */
    amount: integer('amount').notNull(),
    refunded: integer('refunded').notNull().default(0),
    currency: text('currency').notNull(),
    disputed: boolean('disputed').notNull().default(false),
    boughtAt: instant('bought_at').notNull(),
    endsAt: instant('ends_at').notNull(),
    /** The time bought by the amount that was not refunded. */
    quotaMs: bigint('quota_ms', { mode: 'number' }).notNull(),
  },
  (t) => [
    index('pack_account').on(t.accountId, t.endsAt),
    check('pack_quota', sql`${t.quotaMs} >= 0 and ${t.quotaMs} <= ${t.seconds}::bigint * 1000`),
  ],
);
