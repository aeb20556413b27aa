import type { Sql, TxSql } from '@/db/client';
import type { Ctx } from '../context';
import { accountsWithBooks } from './accounts-with-books';
import { ChainCheck, type Head, type LedgerProblem } from './check-chain';
import { type Drift, findDrift } from './find-drift';
import { type EntryRow, entryColumns } from './ledger-entry';

const PAGE_SIZE = 5_000;
/** The most problems listed: one is enough to know, and the list of a rewritten ledger would be endless. */
const MOST_PROBLEMS = 1_000;

export type Verification = {
  accountCount: number;
  entryCount: number;
  /** Breaks of the chains: rows that were changed, removed, added or moved. */
  problems: LedgerProblem[];
  /** Sums that the entries contradict. */
  drift: Drift[];
  /** Accounts that could not be verified. */
  failures: { accountId: string; message: string }[];
};

/**
 * Recomputes every hash and every sum of all accounts, or of one. Each account is verified from a snapshot of its own,
 * one after the other: their chains are independent, and no snapshot is held for long. An account that fails is named,
 * and the others are verified. Reads each entry once, in pages, without locks.
 */
export async function verifyLedger(ctx: Pick<Ctx, 'sql'>, accountId: string | null): Promise<Verification> {
  const all: Verification = { accountCount: 0, entryCount: 0, problems: [], drift: [], failures: [] };
  for await (const id of accountId === null ? accountsWithBooks(ctx.sql) : [accountId]) {
    try {
      const { entryCount, problems, drift } = await verifyAccount(ctx.sql, id);
      if (entryCount > 0) all.accountCount += 1;
      all.entryCount += entryCount;
      all.problems.push(...problems.slice(0, MOST_PROBLEMS - all.problems.length));
      all.drift.push(...drift.slice(0, MOST_PROBLEMS - all.drift.length));
    } catch (error) {
      all.failures.push({ accountId: id, message: String((error as Error).message) });
    }
  }
  return all;
}

export type AccountVerification = Pick<Verification, 'entryCount' | 'problems' | 'drift'>;

/**
 * Recomputes the hashes and sums of one account from one snapshot. Throws when that takes longer than `longestMs`,
 * which is checked between pages.
 */
export async function verifyAccount(
  sql: Sql,
  accountId: string,
  longestMs = Number.POSITIVE_INFINITY,
): Promise<AccountVerification> {
  const until = performance.now() + longestMs;
  return sql.begin('isolation level repeatable read read only', async (tx) => {
    const { entryCount, problems } = await walkChain(tx as TxSql, accountId, until);
    return { entryCount, problems, drift: await findDrift(tx as TxSql, accountId) };
  }) as Promise<AccountVerification>;
}

async function walkChain(
  sql: TxSql,
  accountId: string,
  until: number,
): Promise<Omit<AccountVerification, 'drift'>> {
  const chain = new ChainCheck(accountId);
  const problems: LedgerProblem[] = [];
  let entryCount = 0;
  for (let last = '0', isLast = false; !isLast; ) {
    if (performance.now() > until) throw new Error('It takes longer than there is time for one account.');
    const rows = await sql<EntryRow[]>`
      select ${entryColumns(sql)} from usage_entry e
      where e.account_id = ${accountId} and e.id > ${last}::bigint order by e.id limit ${PAGE_SIZE}`;
    for (const row of rows) if (problems.length < MOST_PROBLEMS) problems.push(...chain.take(row));
    entryCount += rows.length;
    last = rows.at(-1)?.id ?? last;
    isLast = rows.length < PAGE_SIZE;
  }
  const [head] = await sql<Head[]>`
    select seq, encode(hash, 'hex') as hash from ledger_head where account_id = ${accountId}`;
  return { entryCount, problems: [...problems, ...chain.end(head ?? null)] };
}
