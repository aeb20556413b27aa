import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  customType,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
} from 'drizzle-orm/pg-core';
import { instant } from './instant';

const ms = <Name extends string>(name: Name) => bigint(name, { mode: 'number' });
const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/** The allowances of a plan; null means no limit. */
export const plan = pgTable('plan', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  description: text('description').notNull(),
  monthlySeconds: ms('monthly_seconds'),
  onceSeconds: ms('once_seconds'),
  maxSessions: integer('max_sessions').notNull(),
  idleMinSeconds: integer('idle_min_seconds').notNull(),
  idleMaxSeconds: integer('idle_max_seconds').notNull(),
  idleDefaultSeconds: integer('idle_default_seconds').notNull(),
  storageGb: integer('storage_gb').notNull(),
  sort: integer('sort').notNull(),
  visible: boolean('visible').notNull(),
  /** Price per month by currency, in minor units, as the payment provider charges it; null: not for sale. */
  prices: jsonb('prices'),
  stripePriceId: text('stripe_price_id'),
});

/**
 * The sums every quota decision reads, one row per account and period: `YYYY-MM` (UTC month), or `trial` for an
 * allowance given once. The check `used + held ≤ quota` turns a bug into an error instead of free time. `forgiven_ms`
 * covers what was already leased or used when the quota was cut; it is never granted again.
 */
export const usagePeriod = pgTable(
  'usage_period',
  {
    accountId: text('account_id').notNull(),
    period: text('period').notNull(),
    quotaMs: ms('quota_ms'),
    forgivenMs: ms('forgiven_ms').notNull().default(0),
    usedMs: ms('used_ms').notNull().default(0),
    heldMs: ms('held_ms').notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.period] }),
    check('usage_period_held', sql`${t.heldMs} >= 0 and ${t.forgivenMs} >= 0`),
    check('usage_period_within_quota', sql`${t.usedMs} + ${t.heldMs} <= ${t.quotaMs} + ${t.forgivenMs}`),
  ],
);

/**
 * The ledger, append-only: a run's time, cut at UTC midnight; credits after a late proof; operators' adjustments. A
 * trigger numbers each entry and chains its hash to the previous one of the account, whatever the writer supplies.
 */
export const usageEntry = pgTable(
  'usage_entry',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    accountId: text('account_id').notNull(),
    runId: text('run_id'),
    kind: text('kind', { enum: ['run', 'credit', 'adjustment'] }).notNull(),
    period: text('period').notNull(),
    day: date('day', { mode: 'string' }).notNull(),
    fromAt: instant('from_at'),
    toAt: instant('to_at'),
    ms: ms('ms').notNull(),
    reason: text('reason'),
    createdAt: instant('created_at').notNull().default(sql`hg_clock()`),
    /** 1, 2, 3 … within the account. */
    seq: bigint('seq', { mode: 'number' }),
    prevHash: bytes('prev_hash'),
    hash: bytes('hash'),
  },
  (t) => [
    index('usage_entry_account').on(t.accountId, t.id),
    index('usage_entry_run').on(t.runId).where(sql`run_id is not null`),
    check('usage_entry_kind', sql`${t.kind} in ('run','credit','adjustment')`),
    check('usage_entry_sign', sql`${t.kind} <> 'run' or ${t.ms} > 0`),
    check('usage_entry_chained', sql`num_nulls(${t.seq}, ${t.prevHash}, ${t.hash}) = 0`),
  ],
);

/**
 * The newest entry of each account's ledger, so that deleting it is noticed too. Written by the ledger's trigger alone.
 */
export const ledgerHead = pgTable('ledger_head', {
  accountId: text('account_id').primaryKey(),
  seq: bigint('seq', { mode: 'number' }).notNull(),
  hash: bytes('hash').notNull(),
});

/** When the ledger of each account was last verified, and the problems found. */
export const ledgerCheck = pgTable(
  'ledger_check',
  {
    accountId: text('account_id').primaryKey(),
    checkedAt: instant('checked_at').notNull(),
    /** Broken links of its chain, and sums that differ from its entries. */
    problemCount: integer('problem_count').notNull().default(0),
    /** Why the verification failed; null when it succeeded. */
    error: text('error'),
  },
  (t) => [index('ledger_check_bad').on(t.accountId).where(sql`problem_count > 0 or error is not null`)],
);

/**
 * One row: the instant from which quota may be granted. A restored database may miss leases that still run, so nothing
 * is granted until the last of them has ended. A restore is recognised by the ledger table's oid: a dump carries this
 * row, but never the oid.
 */
export const granting = pgTable(
  'granting',
  {
    id: boolean('id').primaryKey().default(true),
    ledgerOid: bigint('ledger_oid', { mode: 'number' }).notNull(),
    grantingFrom: instant('granting_from').notNull(),
  },
  (t) => [check('granting_one', sql`${t.id}`)],
);

/**
 * One row per restore: events after `knownUntil` and before the restore was noticed are missing from this database.
 * Things created in that time are removed only by an operator.
 */
export const restoreGap = pgTable('restore_gap', {
  noticedAt: instant('noticed_at').primaryKey(),
  knownUntil: instant('known_until').notNull(),
});

/** Daily sums of the ledger, for charts and for drift. */
export const usageDay = pgTable(
  'usage_day',
  {
    accountId: text('account_id').notNull(),
    day: date('day', { mode: 'string' }).notNull(),
    ms: ms('ms').notNull().default(0),
    /** The part charged to packs, or to an allowance given once. Maintained by the ledger's trigger. */
    extraMs: ms('extra_ms').notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.day] })],
);

/** A threshold that a period has crossed; the row exists once, so that its email is sent once. */
export const quotaNotice = pgTable(
  'quota_notice',
  {
    accountId: text('account_id').notNull(),
    period: text('period').notNull(),
    threshold: integer('threshold').notNull(),
    at: instant('at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.period, t.threshold] }),
    check('quota_notice_threshold', sql`${t.threshold} in (80, 95, 100)`),
  ],
);
