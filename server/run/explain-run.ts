import { type Instant, toIso } from '../clock';
import type { Ctx } from '../context';
import { notFound } from '../errors';
import type { Run } from '../shapes';
import { listRuns } from './list-runs';

/** One event of a run, and its source. */
export type RunStep = {
  at: string;
  what: string;
  source: 'run' | 'ledger' | 'provider' | 'audit' | 'removal';
};

type Row = { at: Instant; what: string; source: RunStep['source'] };

/**
 * Returns the history of a run in order: its decisions, what was charged and credited, what the provider reported, what
 * people changed, and its end. Throws NOT_FOUND.
 */
export async function explainRun(ctx: Ctx, runId: string): Promise<{ run: Run; steps: RunStep[] }> {
  const [run] = (await listRuns(ctx, { runId, limit: 1 })).items;
  if (!run) throw notFound('run');
  const text = (at: string) =>
    ctx.sql`to_char(${ctx.sql(at)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  const rows = await ctx.sql<Row[]>`
    with r as (select * from run where id = ${runId})
    select at, what, source from (
      select admitted_at as at, 'admitted: a first slice of ' || lease_ms / 1000.0 || ' s was reserved' as what, 'run' as source from r
      union all
      select started_at, 'running: the first proof of it; charged from here on', 'run' from r where started_at is not null
      union all
      select stop_requested_at, 'to be stopped: ' || coalesce(end_reason, 'no reason'), 'run' from r
        where stop_requested_at is not null
      union all
      select missing_since, 'a read of the provider did not show its machine', 'run' from r where missing_since is not null
      union all
      select parked_at, 'parked: tried many times' || case when failed_looks > 0
        then ', looking at it failed ' || failed_looks || ' times in a row' else '' end, 'run' from r where parked_at is not null
      union all
      select proof_at, 'last proof of life before its end', 'run' from r where started_at is not null
      union all
      select case when ended_at is null then lease_until else least(lease_until, ended_at) end,
        case when ended_at is null then 'its lease ends' || case when final then ' (final)' else '' end
          else 'its lease ended here at the latest: it reached to ' || ${text('lease_until')} end, 'run' from r
      union all
      select ended_at, 'ended: ' || end_reason || case when overrun_ms > 0 then ', ' || overrun_ms / 1000.0 || ' s past its lease' else '' end
        || coalesce(' (' || failure || ')', ''), 'run' from r where ended_at is not null
      union all
      select created_at, case kind when 'credit' then 'given back ' else 'charged ' end || abs(ms) / 1000.0 || ' s of ' || period
        || coalesce((select ' (' || k.pack_id || ')' from pack k where 'pack:' || k.id = period), '') || ': ' || ${text('from_at')} || ' to ' || ${text('to_at')}, 'ledger' from usage_entry where run_id = ${runId}
      union all
      select at, type || ' of machine ' || machine_id || ', heard ' || (hg_ms(received_at) - hg_ms(at)) / 1000.0 || ' s later',
        'provider' from provider_event where run_id = ${runId}
      union all
      select at, action || ' by ' || actor || ': ' || reason, 'audit' from audit
        where account_id = (select account_id from r) and (before->>'runId' = ${runId} or after->>'runId' = ${runId})
      union all
      select found_at, 'its machine is to be removed, ' || attempts || ' tries' || coalesce(': ' || error, ''), 'removal'
        from removal where kind = 'machine' and id = (select machine_id from r)
    ) story order by at, source, what`;
  return { run, steps: rows.map(({ at, what, source }) => ({ at: toIso(at), what, source })) };
}
