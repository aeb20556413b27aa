import type { TxCtx } from './context';
import { newId } from './ids';

export type AuditNote = {
  /** `user:<id>`, `apiKey:<id>` or `operator`. */
  actor: string;
  action: string;
  accountId: string | null;
  before: unknown;
  after: unknown;
  reason: string;
};

/** Writes who changed what and why, in the transaction of the change itself. */
export async function writeAudit(tx: TxCtx, note: AuditNote): Promise<void> {
  const json = (value: unknown) => tx.sql.json((value ?? null) as never);
  await tx.sql`
    insert into audit (id, actor, action, account_id, before, after, reason)
    values (${newId()}, ${note.actor}, ${note.action}, ${note.accountId}, ${json(note.before)}, ${json(note.after)}, ${note.reason})`;
}
