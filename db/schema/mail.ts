import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from './instant';

/** Emails to send, each cause once. */
export const mail = pgTable(
  'mail',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    userId: text('user_id').notNull(),
    kind: text('kind').notNull(),
    /** Identifies the event behind the email: the same cause never makes a second email. */
    cause: text('cause').notNull().unique(),
    facts: jsonb('facts').notNull(),
    createdAt: instant('created_at').notNull().default(sql`hg_clock()`),
    /** The next attempt; null once the email was sent or given up. */
    dueAt: instant('due_at'),
    attempts: integer('attempts').notNull().default(0),
    sentAt: instant('sent_at'),
    error: text('error'),
  },
  (t) => [
    index('mail_due').on(t.dueAt).where(sql`due_at is not null`),
    check('mail_sent', sql`${t.sentAt} is null or ${t.dueAt} is null`),
  ],
);

/** Users who unsubscribed from news about quota. */
export const mailRefusal = pgTable('mail_refusal', {
  userId: text('user_id').primaryKey(),
  at: instant('at').notNull().default(sql`hg_clock()`),
});

/** Emails to the operator's address: alarms about payments, and messages from the contact form. */
export const operatorNote = pgTable(
  'operator_note',
  {
    id: text('id').primaryKey(),
    kind: text('kind').notNull(),
    accountId: text('account_id'),
    /** The address to reply to; null for messages of the product itself. */
    replyTo: text('reply_to'),
    subject: text('subject').notNull(),
    body: text('body').notNull(),
    /** The same cause never makes a second note. */
    cause: text('cause').notNull().unique(),
    createdAt: instant('created_at').notNull().default(sql`hg_clock()`),
    /** The next attempt; null once the note was sent or given up. */
    dueAt: instant('due_at'),
    attempts: integer('attempts').notNull().default(0),
    sentAt: instant('sent_at'),
    error: text('error'),
  },
  (t) => [index('operator_note_due').on(t.dueAt).where(sql`due_at is not null`)],
);
