import type { TxSql } from '@/db/client';
import type { Ctx } from '../context';
import { ChainCheck, type Head, type LedgerProblem } from './check-chain';
import { type Drift, findDrift } from './find-drift';
import { type EntryRow, entryColumns } from './ledger-entry';

const PAGE_SIZE = 5_000;
/** What is listed at most; one is enough to know, and a wholly rewritten ledger would not end. */
const MOST_PROBLEMS = 1_000;

export type Verification = {
  accountCount: number;
  entryCount: number;
  /** Breaks of the chains: rows that were changed, removed, added or moved. */
  problems: LedgerProblem[];
  /** Sums that the entries do not confirm. */
  drift: Drift[];
};

/**
 * Recomputes every hash and every sum of all accounts, or of one, from one moment's view of the database. Reads each
 * entry once, a page at a time, and locks nothing.
 */
export async function verifyLedger(ctx: Pick<Ctx, 'sql'>, accountId: string | null): Promise<Verification> {
  return ctx.sql.begin('isolation level repeatable read read only', async (tx) => {
    const sql = tx as TxSql;
    await sql`set local statement_timeout = 0`;
    const chains = await walkChains(sql, accountId);
    const emptied = await findEmptied(sql, accountId);
    return {
      ...chains,
      problems: [...chains.problems, ...emptied].slice(0, MOST_PROBLEMS),
      drift: await findDrift(sql, accountId),
    };
  }) as Promise<Verification>;
}

type Row = EntryRow & { head_seq: number | null; head_hash: string | null };

async function walkChains(sql: TxSql, accountId: string | null): Promise<Omit<Verification, 'drift'>> {
  const problems: LedgerProblem[] = [];
  let accountCount = 0;
  let entryCount = 0;
  let chain: ChainCheck | null = null;
  let last: Row | null = null;
  const end = () => {
    if (chain && last) problems.push(...chain.end(headOf(last)));
  };
  for (let rows = await readPage(sql, accountId, null); rows.length > 0; ) {
    for (const row of rows) {
      if (chain === null || row.account_id !== last?.account_id) {
        end();
        chain = new ChainCheck(row.account_id);
        accountCount += 1;
      }
      if (problems.length < MOST_PROBLEMS) problems.push(...chain.take(row));
      last = row;
    }
    entryCount += rows.length;
    rows = rows.length < PAGE_SIZE ? [] : await readPage(sql, accountId, last);
  }
  end();
  return { accountCount, entryCount, problems };
}

const headOf = (row: Row): Head | null =>
  row.head_seq === null ? null : { seq: row.head_seq, hash: row.head_hash ?? '' };

/** Conditions are put together here, not in SQL: each page then is one walk along the index. */
const readPage = (sql: TxSql, accountId: string | null, after: Row | null): Promise<Row[]> => sql<Row[]>`
  select ${entryColumns(sql)}, h.seq as head_seq, encode(h.hash, 'hex') as head_hash
  from (
    select * from usage_entry where true
      ${accountId === null ? sql`` : sql`and account_id = ${accountId}`}
      ${after === null ? sql`` : sql`and (account_id, id) > (${after.account_id}, ${after.id}::bigint)`}
    order by account_id, id limit ${PAGE_SIZE}) e
  left join ledger_head h on h.account_id = e.account_id
  order by e.account_id, e.id`;

/** Accounts whose newest entry is known and of whom no entry is left. */
async function findEmptied(sql: TxSql, accountId: string | null): Promise<LedgerProblem[]> {
  const heads = await sql<{ account_id: string; seq: number; hash: string }[]>`
    select h.account_id, h.seq, encode(h.hash, 'hex') as hash from ledger_head h
    where (${accountId}::text is null or h.account_id = ${accountId})
      and not exists (select 1 from usage_entry e where e.account_id = h.account_id)
    order by h.account_id limit ${MOST_PROBLEMS}`;
  return heads.flatMap((head) => new ChainCheck(head.account_id).end(head));
}
