import { isDatabaseAway } from '@/db/away';
import type { Row } from '@/db/rows';
import type { run } from '@/db/schema/session';
import type { Ctx } from '../context';
import { DomainError } from '../errors';
import { metrics } from '../metrics';
import type { RunRow } from './run-row';
import { CLAIM_MS } from './times';

/** After this many failed checks in a row, about ten minutes, the run is parked for an operator. */
export const CHECKS_BEFORE_PARKING = 8;
const LONGEST_PAUSE_MS = 5 * 60_000;

/** Returns whether PostgreSQL was unavailable, rather than the run at fault. The claim then runs out by itself. */
const isNoFaultOfRun = (error: unknown): boolean =>
  isDatabaseAway(error) || (error instanceof DomainError && error.reason === 'QUOTA_UNAVAILABLE');

/**
 * Postpones a run whose check has failed, longer after each failure in a row, so that it takes no place from others,
 * and parks it after many. Never throws: when the write fails, the claim runs out.
 */
export async function postponeCheck(ctx: Ctx, run: RunRow, error: unknown): Promise<void> {
  metrics.lookFailures.inc();
  ctx.log.error({ err: error, runId: run.id }, 'a run could not be looked at; it is tried again later');
  try {
    await writeFailure(ctx, run.id, isNoFaultOfRun(error));
  } catch (second) {
    ctx.log.warn({ err: second, runId: run.id }, 'a failed look could not be written down');
  }
}

async function writeFailure(ctx: Ctx, runId: string, claimDecides: boolean): Promise<void> {
  const [row] = await ctx.sql<Pick<Row<typeof run>, 'account_id' | 'failed_looks'>[]>`
    update run set failed_looks = failed_looks + 1,
      due_at = case when ${claimDecides} then due_at else
        hg_clock() + interval '1 ms' * least(${CLAIM_MS} * 2 ^ least(failed_looks, 10), ${LONGEST_PAUSE_MS}) end,
      parked_at = case when failed_looks + 1 >= ${CHECKS_BEFORE_PARKING} then coalesce(parked_at, hg_clock()) else parked_at end
    where id = ${runId} and ended_at is null returning account_id, failed_looks`;
  if (row && row.failed_looks >= CHECKS_BEFORE_PARKING) {
    ctx.log.error(
      { runId, accountId: row.account_id, failures: row.failed_looks },
      'a run is parked: looking at it fails again and again. Read the errors before this one; when nothing else helps, end it with `operator run close`',
    );
  }
}
