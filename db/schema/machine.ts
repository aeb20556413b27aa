import { index, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
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
