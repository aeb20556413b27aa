import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from './instant';

/** The provider's events about a machine, by the provider's event id: the meter of record. */
export const providerEvent = pgTable(
  'provider_event',
  {
    id: text('id').primaryKey(),
    runId: text('run_id').notNull(),
    machineId: text('machine_id').notNull(),
    type: text('type').notNull(),
    at: instant('at').notNull(),
    detail: jsonb('detail'),
    receivedAt: instant('received_at').notNull(),
  },
  (t) => [index('provider_event_run').on(t.runId, t.at)],
);

/**
 * Things to remove at the providers that are not proven gone. Retried with growing pauses; after too many attempts the
 * row is parked: retried at long intervals and reported to operators. The row is deleted when the thing is gone.
 */
export const removal = pgTable(
  'removal',
  {
    kind: text('kind', { enum: ['machine', 'volume', 'account'] }).notNull(),
    /** The provider's own id, or that of the deleted account. */
    id: text('id').notNull(),
    /** The owning account; null when the app belongs to no account here. */
    accountId: text('account_id'),
    app: text('app').notNull(),
    /** The region of a volume, once a list has named it. */
    region: text('region'),
    foundAt: instant('found_at').notNull().default(sql`hg_clock()`),
    dueAt: instant('due_at').notNull(),
    attempts: integer('attempts').notNull().default(0),
    parkedAt: instant('parked_at'),
    error: text('error'),
  },
  (t) => [
    primaryKey({ columns: [t.kind, t.id] }),
    index('removal_due').on(t.kind, t.dueAt),
    index('removal_account').on(t.accountId),
    check('removal_kind', sql`${t.kind} in ('machine','volume','account')`),
  ],
);

/**
 * The comparison of a full list of the provider with the database: which worker runs it, and what the last one showed.
 */
export const listing = pgTable('listing', {
  name: text('name').primaryKey(),
  /** Identifies one pass of one worker. A pass that stops renewing its claim loses it. */
  holder: text('holder'),
  heldUntil: instant('held_until'),
  startedAt: instant('started_at').notNull(),
  /** When a list was last read completely, and how many of this installation's items it contained. */
  completeAt: instant('complete_at'),
  count: integer('count'),
});

/**
 * One row: the installation of this database. Its id is created with the table and written into every machine, so that
 * two installations at one provider do not take each other's machines. The other columns say where it first ran.
 */
export const installation = pgTable(
  'installation',
  {
    one: boolean('one').primaryKey().default(true),
    id: text('id').notNull(),
    environmentId: text('environment_id'),
    appUrl: text('app_url'),
    madeAt: instant('made_at').notNull().default(sql`hg_clock()`),
  },
  (t) => [check('installation_one', sql`${t.one}`)],
);
