import { sql } from 'drizzle-orm';
import { pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { account } from './account';
import { instant } from './instant';
import { session } from './session';

/** A variable in the environment of an account's sessions. The value is encrypted and never read back by a person. */
export const secret = pgTable(
  'secret',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    /** The only session that gets it; null for every session of the account. */
    sessionId: text('session_id').references(() => session.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    sealed: text('sealed').notNull(),
    setAt: instant('set_at').notNull(),
  },
  (t) => [uniqueIndex('secret_name').on(t.accountId, sql`coalesce(${t.sessionId}, '')`, t.name)],
);
