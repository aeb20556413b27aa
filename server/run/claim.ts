import { withoutWaiting } from '@/db/client';
import type { Instant } from '../clock';
import { type Ctx, failClosed } from '../context';
import { type RunRow, runColumns } from './run-row';
import { CLAIM_MS } from './times';

const claimFields = (ctx: Ctx) => ctx.sql`
  due_at = hg_clock() + ${CLAIM_MS} * interval '1 ms', attempts = r.attempts + 1`;

/** Takes one run if it is due and returns it, or undefined: then somebody else has it, or nothing is to be done. */
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

/** `fresh`: nobody has looked yet, or a lease is about to end. `again`: a machine that boots, or that was told to end and has not. */
export type Turn = 'fresh' | 'again';
export type DueRun = RunRow & { oldest_due_at: Instant };

/**
 * Takes at most so many due runs of one kind in one statement, the most overdue, and returns them. Processes that do it
 * at once get different runs.
 */
export async function claimDue(ctx: Ctx, turn: Turn, most: number): Promise<DueRun[]> {
  const { sql } = ctx;
  const isFresh = sql`(attempts = 0 or status = 'running')`;
  // Written so that PostgreSQL searches its indexes and never walks the open runs: the clock is asked once, for a
  // function that may change is compared with every row; a range of two ends is taken for a small part of the table;
  // and the ids are a list, not a table to join.
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
