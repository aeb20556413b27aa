import type { TxCtx } from './context';
import { newId } from './ids';

export type AuditNote = {
  /** `user:<id>`, `apiKey:<id>`, `operator` or `stripe`. */
  actor: string;
  action: string;
  accountId: string | null;
  before: unknown;
  after: unknown;
  reason: string;
};

/** Records a change in the audit log, in the transaction of the change itself. */
export async function writeAudit(tx: TxCtx, note: AuditNote): Promise<void> {
  const json = (value: unknown) => tx.sql.json((value ?? null) as never);
  await tx.sql`
    insert into audit (id, actor, action, account_id, before, after, reason)
    values (${newId()}, ${note.actor}, ${note.action}, ${note.accountId}, ${json(note.before)}, ${json(note.after)}, ${note.reason})`;
}
