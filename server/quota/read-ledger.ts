import type { Sql, TxSql } from '@/db/client';
import { notFound } from '../errors';
import { type EntryRow, entryColumns, type LedgerEntry, toEntry } from './ledger-entry';

const PAGE_SIZE = 2_000;

/**
 * Yields the current ledger of an account in pages, oldest entry first. Entries never change, so a slow reader holds no
 * transaction open. Throws NOT_FOUND before the first page.
 */
export async function* readLedger(sql: Sql | TxSql, accountId: string): AsyncGenerator<LedgerEntry[]> {
  const [account] = await sql<{ seq: number }[]>`
    select coalesce((select h.seq from ledger_head h where h.account_id = a.id), 0) as seq from account a where id = ${accountId}`;
  if (!account) throw notFound('account');
  for (let last = '0'; ; ) {
    const rows = await sql<EntryRow[]>`
      select ${entryColumns(sql as TxSql)} from usage_entry e
      where e.account_id = ${accountId} and e.id > ${last}::bigint and e.seq <= ${account.seq} order by e.id limit ${PAGE_SIZE}`;
    if (rows.length > 0) yield rows.map(toEntry);
    if (rows.length < PAGE_SIZE) return;
    last = rows.at(-1)?.id ?? last;
  }
}
