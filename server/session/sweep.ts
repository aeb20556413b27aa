import type { Instant } from '../clock';
import { type Ctx, failClosed } from '../context';
import { metrics } from '../metrics';
import { tickRun } from './tick';

/** Runs one pass takes at most; the rest is found by the next pass at once. */
const BATCH = 500;
/** Runs worked on at the same time: each waits mostly for PostgreSQL and the provider. */
const AT_ONCE = 16;

/**
 * One pass over every run that is due, most overdue first: the guarantee behind all wake-ups. Answers how many it
 * looked at. One run that fails never stops the pass.
 */
export async function sweepRuns(ctx: Ctx): Promise<number> {
  const due = await failClosed(
    () => ctx.sql<{ id: string; due_at: Instant; now: Instant }[]>`
      select id, due_at, hg_clock() as now from run
      where due_at <= hg_clock() order by due_at limit ${BATCH}`,
    ctx.log,
  );
  const first = due[0];
  metrics.sweepLag.set(first ? (first.now - first.due_at) / 1000 : 0);
  await forEachAtOnce(due, AT_ONCE, ({ id }) =>
    tickRun(ctx, id).catch((error) =>
      ctx.log.error({ err: error, runId: id }, 'a run could not be looked at'),
    ),
  );
  return due.length;
}

async function forEachAtOnce<T>(items: T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const lanes = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (const item of rest) await work(item);
  });
  await Promise.all(lanes);
}
