import { type Instant, toIso, toIsoOrNull } from '../clock';
import type { Ctx } from '../context';
import { notFound } from '../errors';

export type LedgerLine = {
  id: number;
  kind: 'run' | 'credit' | 'adjustment';
  period: string;
  day: string;
  runId: string | null;
  fromAt: string | null;
  toAt: string | null;
  seconds: number;
  reason: string | null;
  createdAt: string;
};

type Row = {
  id: number;
  kind: LedgerLine['kind'];
  period: string;
  day: string;
  run_id: string | null;
  from_at: Instant | null;
  to_at: Instant | null;
  ms: number;
  reason: string | null;
  created_at: Instant;
};

/** The whole ledger of an account, oldest entry first. Throws NOT_FOUND. */
export async function exportLedger(ctx: Pick<Ctx, 'sql'>, accountId: string): Promise<LedgerLine[]> {
  const known = await ctx.sql`select 1 from account where id = ${accountId}`;
  if (known.length === 0) throw notFound('account');
  const rows = await ctx.sql<Row[]>`
    select id, kind, period, day, run_id, from_at, to_at, ms, reason, created_at from usage_entry
    where account_id = ${accountId} order by id`;
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    period: row.period,
    day: row.day,
    runId: row.run_id,
    fromAt: toIsoOrNull(row.from_at),
    toAt: toIsoOrNull(row.to_at),
    seconds: row.ms / 1000,
    reason: row.reason,
    createdAt: toIso(row.created_at),
  }));
}
