import type { TxCtx } from '../context';
import { newId } from '../ids';

export type Note = {
  kind: string;
  accountId: string | null;
  /** The same cause never makes a second note. */
  cause: string;
  subject: string;
  /** Paragraphs separated by an empty line. */
  body: string;
  /** The address to reply to; absent for notes of the product itself. */
  replyTo?: string;
};

/** Queues an email to the operator, in the transaction of its cause. Returns false if the cause already had one. */
export async function queueNote({ sql }: Pick<TxCtx, 'sql'>, note: Note): Promise<boolean> {
  const made = await sql`
    insert into operator_note (id, kind, account_id, reply_to, subject, body, cause, due_at)
    values (${newId()}, ${note.kind}, ${note.accountId}, ${note.replyTo ?? null}, ${note.subject}, ${note.body},
      ${note.cause}, hg_clock())
    on conflict (cause) do nothing returning 1`;
  return made.length > 0;
}
