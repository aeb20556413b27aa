import type { Ctx } from '../context';
import { checkRun } from './check-run';
import { claimRun } from './claim';

/**
 * Checks one run now, if it is due and no other process checks it. Safe to call at any time, any number of times:
 * PostgreSQL decides whether the run is due.
 */
export async function tickRun(ctx: Ctx, runId: string): Promise<void> {
  const claimed = await claimRun(ctx, runId);
  const nextAt = claimed ? await checkRun(ctx, claimed) : null;
  if (nextAt !== null) await ctx.jobs.wakeRun(runId, nextAt);
}
