import type { Sql, TxSql } from '@/db/client';
import { DomainError } from '../errors';

/** Throws PURCHASE_REFUSED while a payment of the account is disputed or reported as fraud. */
export async function needUnheld(sql: Sql | TxSql, accountId: string): Promise<void> {
  const rows = await sql`
    select 1 from payment_hold where account_id = ${accountId} and lifted_at is null limit 1`;
  if (rows.length === 0) return;
  throw new DomainError(
    'PURCHASE_REFUSED',
    'A payment of this account is disputed or was reported as fraud, so nothing is sold to it for now. Write to support to ask why. Nothing was charged.',
  );
}
