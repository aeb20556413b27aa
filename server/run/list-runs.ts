import type { Row } from '@/db/rows';
import type { run } from '@/db/schema/session';
import { type Instant, toIso, toIsoOrNull } from '../clock';
import { type Ctx, failClosed } from '../context';
import type { Page, Run } from '../shapes';

type Listed = Pick<
  Row<typeof run>,
  | 'id'
  | 'session_id'
  | 'account_id'
  | 'machine_id'
  | 'status'
  | 'admitted_at'
  | 'started_at'
  | 'ended_at'
  | 'lease_until'
  | 'metered_to'
  | 'used_ms'
  | 'overrun_ms'
  | 'end_reason'
> & { held_ms: number; now: Instant };

const DEFAULT_LIMIT = 50;

/** Returns a page of runs, newest first: of one account, of all accounts for administrators, or one run. */
export async function listRuns(
  ctx: Ctx,
  input: { accountId?: string; runId?: string; cursor?: string; limit?: number },
): Promise<Page<Run>> {
  const limit = input.limit ?? DEFAULT_LIMIT;
  const rows = await failClosed(
    () => ctx.sql<Listed[]>`
      select r.id, r.session_id, r.account_id, r.machine_id, r.status, r.admitted_at, r.started_at, r.ended_at,
        r.lease_until, r.metered_to, r.used_ms, r.overrun_ms, r.end_reason, hg_clock() as now,
        coalesce((select sum(s."to" - s."from") from jsonb_to_recordset(l.segments) as s("from" bigint, "to" bigint)), 0)::bigint as held_ms
      from run r left join lease l on l.run_id = r.id
      where (${input.accountId ?? null}::text is null or r.account_id = ${input.accountId ?? null})
        and (${input.runId ?? null}::text is null or r.id = ${input.runId ?? null})
        and (${input.cursor ?? null}::text is null or r.id < ${input.cursor ?? null})
      order by r.id desc limit ${limit + 1}`,
    ctx.log,
  );
  const page = rows.slice(0, limit);
  return { items: page.map(toRun), nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
}

function toRun(row: Listed): Run {
  const elapsedMs =
    row.ended_at === null && row.started_at !== null
      ? Math.min(row.held_ms, Math.max(0, row.now - row.metered_to))
      : 0;
  return {
    id: row.id,
    sessionId: row.session_id,
    accountId: row.account_id,
    machineId: row.machine_id,
    status: row.status,
    admittedAt: toIso(row.admitted_at),
    startedAt: toIsoOrNull(row.started_at),
    endedAt: toIsoOrNull(row.ended_at),
    leaseUntil: toIso(row.lease_until),
    usedSeconds: (row.used_ms + elapsedMs) / 1000,
    heldSeconds: (row.held_ms - elapsedMs) / 1000,
    overrunSeconds: row.overrun_ms / 1000,
    endReason: row.end_reason,
  };
}
