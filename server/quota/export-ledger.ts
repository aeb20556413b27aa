import type { Ctx } from '../context';
import type { LedgerEntry } from './ledger-entry';
import { readLedger } from './read-ledger';

export type LedgerLine = LedgerEntry & { seconds: number };

/** Returns the whole ledger of an account with its hashes, oldest entry first. Throws NOT_FOUND. */
export async function exportLedger(ctx: Pick<Ctx, 'sql'>, accountId: string): Promise<LedgerLine[]> {
  const lines: LedgerLine[] = [];
  for await (const page of readLedger(ctx.sql, accountId))
    lines.push(...page.map((entry) => ({ ...entry, seconds: entry.ms / 1000 })));
  return lines;
}
