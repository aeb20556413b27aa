import { withoutWaiting } from '@/db/client';
import type { Instant } from '../clock';
import { type Ctx, failClosed } from '../context';
import { type RunRow, runColumns } from './run-row';
import { CLAIM_MS } from './times';

const claimFields = (ctx: Ctx) => ctx.sql`
  due_at = hg_clock() + ${CLAIM_MS} * interval '1 ms', attempts = r.attempts + 1`;

/** Claims one run if it is due and returns it. Returns undefined when another process has it, or it is not due. */
export async function claimRun(ctx: Ctx, runId: string): Promise<RunRow | undefined> {
  const [row] = await failClosed(
    () => ctx.sql<RunRow[]>`
      update run r set ${claimFields(ctx)} from ${withoutWaiting(ctx.sql)}
      where id = ${runId} and due_at <= hg_clock()
      returning ${runColumns(ctx.sql)}`,
    ctx.log,
  );
  return row;
}

/**
 * `fresh`: not yet checked, or a lease is about to end. `again`: a machine that boots, or that was told to end and has
 * not.
 */
export type Turn = 'fresh' | 'again';
export type DueRun = RunRow & { oldest_due_at: Instant };

/**
 * Claims at most `most` due runs of one kind, the most overdue first, in one statement, and returns them. Concurrent
 * processes get different runs.
 */
export async function claimDue(ctx: Ctx, turn: Turn, most: number): Promise<DueRun[]> {
  const { sql } = ctx;
  const isFresh = sql`(attempts = 0 or status = 'running')`;
  // Shaped for index scans, never a scan of the open runs: the sub-select evaluates the volatile clock once, BETWEEN
  // gets a selective estimate, and `= any(array)` avoids a join.
  return failClosed(
    () => sql<DueRun[]>`
      with due as materialized (
        select id, due_at from run
        where due_at between '-infinity' and (select hg_clock()) and ${turn === 'fresh' ? isFresh : sql`not ${isFresh}`}
        order by due_at limit ${most} for update skip locked)
      update run r set ${claimFields(ctx)} from ${withoutWaiting(sql)} where r.id = any(array(select id from due))
      returning ${runColumns(sql)}, (select min(due_at) from due) as oldest_due_at`,
    ctx.log,
  );
}
