import type { Sql } from '@/db/client';
import type { Instant } from '../clock';
import type { EndReason, SessionStatus } from '../shapes';

/** A run as the timekeeper reads it, outside any lock: good for choosing what to do, never for deciding on quota. */
export type RunRow = {
  id: string;
  account_id: string;
  session_id: string;
  status: SessionStatus;
  machine_id: string | null;
  admitted_at: Instant;
  started_at: Instant | null;
  metered_to: Instant;
  lease_until: Instant;
  stop_requested_at: Instant | null;
  end_reason: EndReason | null;
  missing_since: Instant | null;
  attempts: number;
  ended_at: Instant | null;
  now: Instant;
};

/** The columns of such a row, of `run r`. */
export const runColumns = (sql: Sql) => sql`
  r.id, r.account_id, r.session_id, r.status, r.machine_id, r.admitted_at, r.started_at, r.metered_to, r.lease_until,
  r.stop_requested_at, r.end_reason, r.missing_since, r.attempts, r.ended_at, hg_clock() as now`;

/** One run outside any lock, or undefined. */
export async function readRun(ctx: { sql: Sql }, runId: string): Promise<RunRow | undefined> {
  const [row] = await ctx.sql<RunRow[]>`select ${runColumns(ctx.sql)} from run r where r.id = ${runId}`;
  return row;
}
