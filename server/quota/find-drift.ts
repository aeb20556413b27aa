import type { Sql, TxSql } from '@/db/client';
import { accountsWithBooks } from './accounts-with-books';

/** A sum that the ledger or the leases contradict: `have` is the stored sum, `want` the sum of the entries. */
export type Drift = {
  kind: 'used' | 'held' | 'day' | 'extra' | 'run';
  accountId: string;
  key: string;
  haveSeconds: number;
  wantSeconds: number;
};

type Row = { kind: Drift['kind']; account_id: string; key: string; have: number; want: number };

/**
 * Recomputes every sum of an account from its ledger and its leases, in one statement, and returns the differences.
 * Without an account, does so for all of them one after the other.
 */
export async function findDrift(sql: Sql | TxSql, accountId: string | null = null): Promise<Drift[]> {
  if (accountId !== null) return driftOf(sql, accountId);
  const found: Drift[] = [];
  for await (const id of accountsWithBooks(sql)) found.push(...(await driftOf(sql, id)));
  return found;
}

async function driftOf(sql: Sql | TxSql, accountId: string): Promise<Drift[]> {
  const mine = sql`account_id = ${accountId}`;
  const rows = await sql<Row[]>`
    with entry as (select account_id, period, day, run_id, sum(ms)::bigint as ms
      from usage_entry where ${mine} group by 1, 2, 3, 4),
    period_used as (select account_id, period, sum(ms)::bigint as ms from entry group by 1, 2),
    segment as (
      select l.account_id, s.period, s."to" - s."from" as ms
      from lease l, jsonb_to_recordset(l.segments) as s("from" bigint, "to" bigint, period text) where ${mine}),
    period_held as (select account_id, period, sum(ms)::bigint as ms from segment group by 1, 2),
    day_used as (select account_id, day, sum(ms)::bigint as ms,
      coalesce(sum(ms) filter (where period = 'trial' or starts_with(period, 'pack:')), 0)::bigint as extra_ms
      from entry group by 1, 2),
    run_used as (select run_id, sum(ms)::bigint as ms from entry where run_id is not null group by 1)
    select * from (
      select 'used' as kind, account_id, period as key, coalesce(p.used_ms, 0) as have, coalesce(e.ms, 0) as want
      from (select * from usage_period where ${mine}) p full join period_used e using (account_id, period)
      union all
      select 'held', account_id, period, coalesce(p.held_ms, 0), coalesce(h.ms, 0)
      from (select * from usage_period where ${mine}) p full join period_held h using (account_id, period)
      union all
      select 'day', account_id, day::text, coalesce(d.ms, 0), coalesce(e.ms, 0)
      from (select * from usage_day where ${mine}) d full join day_used e using (account_id, day)
      union all
      select 'extra', account_id, day::text, coalesce(d.extra_ms, 0), coalesce(e.extra_ms, 0)
      from (select * from usage_day where ${mine}) d full join day_used e using (account_id, day)
      union all
      select 'run', r.account_id, r.id, r.used_ms, coalesce(e.ms, 0)
      from (select * from run where ${mine}) r left join run_used e on e.run_id = r.id
    ) sums where have <> want
    order by account_id, kind, key limit 1000`;
  return rows.map((row) => ({
    kind: row.kind,
    accountId: row.account_id,
    key: row.key,
    haveSeconds: row.have / 1000,
    wantSeconds: row.want / 1000,
  }));
}
