import { sql } from 'drizzle-orm';
import { check, index, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { account } from './account';
import { instant } from './instant';
import { session } from './session';

/**
 * A port of a session that everybody with its link may open. The link is derived from the row's id and never stored;
 * it ends with the row.
 */
export const portShare = pgTable(
  'port_share',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    sessionId: text('session_id')
      .notNull()
      .references(() => session.id),
    port: integer('port').notNull(),
    createdAt: instant('created_at').notNull().default(sql`hg_clock()`),
  },
  (t) => [
    uniqueIndex('port_share_port').on(t.sessionId, t.port),
    index('port_share_account').on(t.accountId),
    check('port_share_range', sql`${t.port} between 1 and 65535`),
  ],
);
