import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from './instant';

/** What the provider said about a machine, by its own event id: the meter of record. */
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
 * What has to go at the providers and is not proven gone yet. Tried again with growing pauses; after too many tries it
 * is parked: tried at long intervals, and a person is told. A row goes when the thing is gone.
 */
export const removal = pgTable(
  'removal',
  {
    kind: text('kind', { enum: ['machine', 'volume', 'account'] }).notNull(),
    /** The provider's own id, or that of the deleted account. */
    id: text('id').notNull(),
    /** Whose it is; null when its app is none of our accounts'. */
    accountId: text('account_id'),
    app: text('app').notNull(),
    /** Where a volume lies, as far as a list has said. */
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

/** A whole list of the provider that is compared with our books: whose turn it is, and what the last one showed. */
export const listing = pgTable('listing', {
  name: text('name').primaryKey(),
  /** One pass of one worker. Whoever stops renewing its claim has lost it. */
  holder: text('holder'),
  heldUntil: instant('held_until'),
  startedAt: instant('started_at').notNull(),
  /** When a list was last read to its end with nothing left out, and how much of ours it showed. */
  completeAt: instant('complete_at'),
  count: integer('count'),
});

/**
 * One row: which installation this database belongs to. Its id is made with the table and written into every machine, so that
 * two installations at one provider do not take each other's machines. The other columns say where it was first started.
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
