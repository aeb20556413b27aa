import type { Sql, TxSql } from '@/db/client';

/** Every account that has books, by id, each found by one step along the indexes: no statement reads them all. */
export async function* accountsWithBooks(sql: Sql | TxSql): AsyncGenerator<string> {
  for (let last = await nextAccount(sql, ''); last !== null; last = await nextAccount(sql, last)) yield last;
}

/**
 * Returns the account after `last` that has an account, an entry, a sum or the note of a newest entry, or null after the
 * last one. Whoever removed one of these by hand has left another.
 */
export async function nextAccount(sql: Sql | TxSql, last: string): Promise<string | null> {
  const [row] = await sql<{ id: string | null }[]>`
    select least(
      (select min(id) from account where id > ${last}),
      (select min(account_id) from usage_entry where account_id > ${last}),
      (select min(account_id) from ledger_head where account_id > ${last}),
      (select min(account_id) from usage_period where account_id > ${last}),
      (select min(account_id) from usage_day where account_id > ${last})) as id`;
  return row?.id ?? null;
}
