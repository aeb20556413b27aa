import type postgres from 'postgres';

/**
 * Hashes ledger entries written before entries had hashes, one account per transaction, while the product runs. Returns
 * at once when every ledger is chained.
 */
export async function chainLedgers(client: postgres.Sql): Promise<void> {
  const [done] = await client`
    select 1 from pg_constraint where conname = 'usage_entry_chained' and convalidated`;
  if (done) return;
  const accounts = await client<{ account_id: string }[]>`
    select distinct account_id from usage_entry where hash is null`;
  for (const { account_id } of accounts) await client`select hg_chain_account(${account_id})`;
  await client`alter table usage_entry validate constraint usage_entry_chained`;
}
