import type { Ctx } from '../context';
import type { LedgerEntry } from './ledger-entry';
import { readLedger } from './read-ledger';

export type LedgerLine = LedgerEntry & { seconds: number };

/** The whole ledger of an account, oldest entry first, with its hashes. Throws NOT_FOUND. */
export async function exportLedger(ctx: Pick<Ctx, 'sql'>, accountId: string): Promise<LedgerLine[]> {
  const lines: LedgerLine[] = [];
  for await (const page of readLedger(ctx.sql, accountId))
    lines.push(...page.map((entry) => ({ ...entry, seconds: entry.ms / 1000 })));
  return lines;
}
