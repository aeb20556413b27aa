import type { Sql, TxSql } from '@/db/client';

/**
 * Yields every account with books, ordered by id. Each costs one step along the indexes, so no statement reads all
 * accounts.
 */
export async function* accountsWithBooks(sql: Sql | TxSql): AsyncGenerator<string> {
  for (let last = await nextAccount(sql, ''); last !== null; last = await nextAccount(sql, last)) yield last;
}

/**
 * Returns the next id after `last` that has an account, an entry, a sum or a head of the ledger; null after the last
 * one. An account whose rows were partly deleted by hand is found by the remaining ones.
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
