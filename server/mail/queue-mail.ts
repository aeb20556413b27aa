import type { Row } from '@/db/rows';
import type { member } from '@/db/schema/account';
import type { TxCtx } from '../context';
import { newId } from '../ids';
import type { MailFacts, MailKind } from './kinds';

export type QueuedMail<K extends MailKind = MailKind> = {
  accountId: string;
  kind: K;
  /** Identifies the event behind the email: the same cause never makes a second email. */
  cause: string;
  facts: MailFacts[K];
};

/** Queues an email to every owner of an account, in the transaction of its cause. It is sent after the commit. */
export async function queueMail<K extends MailKind>(tx: TxCtx, mail: QueuedMail<K>): Promise<void> {
  const owners = await tx.sql<Pick<Row<typeof member>, 'user_id'>[]>`
    select user_id from member where account_id = ${mail.accountId} and role = 'owner' order by user_id`;
  for (const { user_id: userId } of owners) {
    await tx.sql`
      insert into mail (id, account_id, user_id, kind, cause, facts, due_at)
      values (${newId()}, ${mail.accountId}, ${userId}, ${mail.kind}, ${`${mail.cause}:${userId}`},
        ${tx.sql.json(mail.facts)}, hg_clock())
      on conflict (cause) do nothing`;
  }
}
