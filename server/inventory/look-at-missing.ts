import type { Row } from '@/db/rows';
import type { run } from '@/db/schema/session';
import { forEachAtOnce } from '../at-once';
import type { Ctx } from '../context';
import { observeRun } from '../run/observe';
import { readRun } from '../run/run-row';
import type { Fingerprints } from './fingerprints';
import { alarmListing, type Pass, renewing, renewPass } from './listing';

/** A run that was younger than this, in ms, when the list was begun may have a machine that the list could not show. */
const RUN_AGE_MS = 60_000;
const PAGE_SIZE = 1_000;
const CONCURRENCY = 16;
/** Reads between two renewals of the pass. */
const BATCH_SIZE = 64;
/** The most reads in one pass. More are missing only when a whole region or the list itself is at fault. */
const MOST_LOOKS = 2_000;

type OpenRun = Pick<Row<typeof run>, 'id' | 'account_id' | 'machine_id'>;

/**
 * Reads each open run whose machine a complete list did not show: two such reads, apart, end a run. Returns how many
 * were read.
 */
export async function lookAtMissing(ctx: Ctx, pass: Pass, shown: Fingerprints): Promise<number> {
  let looks = 0;
  for (let last: OpenRun | undefined, more = true; more; ) {
    const page = await readOpenRuns(ctx, pass, last);
    last = page.at(-1);
    more = page.length === PAGE_SIZE;
    const missing = page.filter((run) => !shown.has(run.machine_id ?? run.id));
    for (let from = 0; from < missing.length && looks < MOST_LOOKS; from += BATCH_SIZE) {
      const batch = missing.slice(from, from + BATCH_SIZE);
      if (!(await renewPass(ctx, pass))) return looks;
      await forEachAtOnce(batch, CONCURRENCY, (run) => look(ctx, run.id));
      looks += batch.length;
    }
    if (looks >= MOST_LOOKS) {
      alarmListing(ctx, pass.name, 'missing', { looks });
      return looks;
    }
  }
  return looks;
}

/** Returns the next page of open runs that were old enough when the list was begun; empty when the pass is lost. */
const readOpenRuns = (ctx: Ctx, pass: Pass, after: OpenRun | undefined): Promise<OpenRun[]> => ctx.sql<
  OpenRun[]
>`
  ${renewing(ctx, pass)}
  select id, account_id, machine_id from run
  where ended_at is null and (account_id, id) > (${after?.account_id ?? ''}, ${after?.id ?? ''})
    and greatest(admitted_at, started_at) <= ${pass.startedAt}::timestamptz - ${RUN_AGE_MS} * interval '1 ms'
    and exists (select 1 from held)
  order by account_id, id limit ${PAGE_SIZE}`;

/** Reads the machine itself, because the list does not show it. */
async function look(ctx: Ctx, runId: string): Promise<void> {
  try {
    const row = await readRun(ctx, runId);
    if (row && row.ended_at === null) await observeRun(ctx, row);
  } catch (error) {
    ctx.log.error({ err: error, runId }, 'a run without a listed machine could not be looked at');
  }
}
