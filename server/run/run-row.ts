import type { Sql } from '@/db/client';
import type { Row } from '@/db/rows';
import type { run } from '@/db/schema/session';
import type { Instant } from '../clock';

const COLUMNS = [
  'id',
  'account_id',
  'session_id',
  'status',
  'machine_id',
  'admitted_at',
  'started_at',
  'metered_to',
  'lease_until',
  'stop_requested_at',
  'end_reason',
  'missing_since',
  'attempts',
  'ended_at',
] as const satisfies (keyof Row<typeof run>)[];

/** A run as read without a lock: sufficient to choose what to do, never to decide on quota. */
export type RunRow = Pick<Row<typeof run>, (typeof COLUMNS)[number]> & { now: Instant };

/** The columns of such a row, of `run r`. */
export const runColumns = (sql: Sql) => sql`${sql(COLUMNS.map((name) => `r.${name}`))}, hg_clock() as now`;

/** Returns one run, read without a lock, or undefined. */
export async function readRun(ctx: { sql: Sql }, runId: string): Promise<RunRow | undefined> {
  const [row] = await ctx.sql<RunRow[]>`select ${runColumns(ctx.sql)} from run r where r.id = ${runId}`;
  return row;
}
