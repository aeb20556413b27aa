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

/** How much a plan gives; null means no limit. */
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
  /** What a month costs by currency, in minor units, as the payment provider will charge it; null: not for sale. */
  prices: jsonb('prices'),
  stripePriceId: text('stripe_price_id'),
});

/**
 * One row per account and period holds the sums every quota decision reads: `YYYY-MM` (UTC month), or `trial` for an
 * allowance given once. `used + held ≤ quota` is checked here, so that a bug becomes an error and not free time.
 * What a cut of quota found already leased or used is forgiven, never granted anew.
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
 * The ledger: append-only. A run's time, cut at UTC midnight; credits after a late proof; operators' adjustments.
 * Each entry continues the chain of its account: a trigger numbers it and hashes it with the hash before it, whatever
 * the writer says.
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

/** The newest entry of each account's ledger, so that removing it is noticed too. Written by the ledger's trigger alone. */
export const ledgerHead = pgTable('ledger_head', {
  accountId: text('account_id').primaryKey(),
  seq: bigint('seq', { mode: 'number' }).notNull(),
  hash: bytes('hash').notNull(),
});

/**
 * One row: from when on anything may be granted. A database restored from a dump may not know leases that still run, so
 * nothing is granted until the last of them has ended. The ledger's own oid tells that it is a restored one: a dump
 * brings the row, and never the oid.
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
 * One row a restore: what happened after `knownUntil` and before the restore was noticed is not in these books. Nothing made
 * in that time is removed without a person.
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
    /** What of it was charged to packs, or to an allowance that is given once. Kept by the ledger's trigger. */
    extraMs: ms('extra_ms').notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.day] })],
);

/** A threshold of a period was crossed; the row exists once, so that its news goes out once. */
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
