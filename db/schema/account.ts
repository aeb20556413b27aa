import { sql } from 'drizzle-orm';
import { bigint, check, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { instant } from './instant';
import { plan } from './quota';

/** The unit that is billed and that owns everything. Its row is the lock of every quota decision. */
export const account = pgTable(
  'account',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    status: text('status', { enum: ['pending', 'active', 'blocked'] }).notNull(),
    /** `free`, or the plan an operator set; a live subscription may put a higher plan in force. */
    ownPlanId: text('own_plan_id')
      .notNull()
      .references(() => plan.id),
    /** The database clock as this account last saw it: never moves backwards. */
    clockAt: instant('clock_at').notNull().default(sql`'1970-01-01'`),
    createdAt: instant('created_at').notNull().default(sql`hg_clock()`),
    deletedAt: instant('deleted_at'),
    /** When every provider had confirmed that nothing of a deleted account remains. */
    removedAt: instant('removed_at'),
  },
  (t) => [
    index('account_to_remove').on(t.deletedAt).where(sql`deleted_at is not null and removed_at is null`),
    check('account_status', sql`${t.status} in ('pending','active','blocked')`),
    index('account_created').on(t.createdAt, t.id),
  ],
);

export const member = pgTable(
  'member',
  {
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    userId: text('user_id').notNull(),
    role: text('role', { enum: ['owner', 'member'] }).notNull(),
    createdAt: instant('created_at').notNull().default(sql`hg_clock()`),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.userId] }), index('member_user').on(t.userId)],
);

/**
 * Usage of a month in deleted accounts, under keyed hashes of email and sign-in identities, so that signing up again
 * does not reset the month. Deleted after the month.
 */
export const usageMark = pgTable(
  'usage_mark',
  {
    hash: text('hash').notNull(),
    period: text('period').notNull(),
    usedMs: bigint('used_ms', { mode: 'number' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.hash, t.period] })],
);

/** An API key acts for one account with some scopes. Only its SHA-256 is stored. */
export const apiKey = pgTable(
  'api_key',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    name: text('name').notNull(),
    scopes: text('scopes').array().notNull(),
    prefix: text('prefix').notNull(),
    hash: text('hash').notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: instant('created_at').notNull().default(sql`hg_clock()`),
    lastUsedAt: instant('last_used_at'),
    revokedAt: instant('revoked_at'),
    /** When the key expires; null for a key without an expiry. */
    expiresAt: instant('expires_at'),
  },
  (t) => [uniqueIndex('api_key_hash').on(t.hash), index('api_key_account').on(t.accountId)],
);

/** Every change by an administrator or an operator: actor, action, before, after, reason. */
export const audit = pgTable(
  'audit',
  {
    id: text('id').primaryKey(),
    at: instant('at').notNull().default(sql`hg_clock()`),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    accountId: text('account_id'),
    before: jsonb('before'),
    after: jsonb('after'),
    reason: text('reason').notNull(),
  },
  (t) => [index('audit_account').on(t.accountId, t.id)],
);
