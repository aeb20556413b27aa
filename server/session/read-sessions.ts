import type { Sql } from '@/db/client';
import type { Row } from '@/db/rows';
import type { run, session } from '@/db/schema/session';
import { toIso, toIsoOrNull } from '../clock';
import { notFound } from '../errors';
import type { AccountState } from '../quota/account-state';
import { type AccountRow, stateColumns, toState } from '../quota/load-account';
import { awakeUntilOf, idleSecondsOf } from '../run/idle';
import { nextStop } from '../run/times';
import type { Agent, Metrics, Session, Size } from '../shapes';

type Nullable<T> = { [Name in keyof T]: T[Name] | null };

/** A session and its last run, whose fields are null if the session never ran. */
type SessionJson = Pick<
  Row<typeof session>,
  'id' | 'name' | 'region' | 'created_at' | 'idle_stop_seconds' | 'awake_from' | 'awake_until'
> &
  Nullable<
    Pick<
      Row<typeof run>,
      'status' | 'started_at' | 'ended_at' | 'end_reason' | 'last_input_at' | 'last_work_at'
    >
  > & { agent: Agent; size: Size; run_id: Row<typeof run>['id'] | null; metrics: Metrics | null };

/**
 * Returns the account's state and its sessions (or only one of them), newest first, from one statement and so one
 * consistent moment. Throws NOT_FOUND.
 */
export async function readSessions(
  sql: Sql,
  accountId: string,
  sessionId: string | null = null,
): Promise<{ state: AccountState; sessions: Session[] }> {
  const [row] = await sql<(AccountRow & { sessions: SessionJson[] })[]>`
    select ${stateColumns(sql)},
      coalesce((select json_agg(json_build_object(
          'id', s.id, 'name', s.name, 'agent', s.agent, 'region', s.region, 'size', s.size,
          'created_at', hg_ms(s.created_at), 'run_id', r.id, 'status', r.status, 'started_at', hg_ms(r.started_at),
          'ended_at', hg_ms(r.ended_at), 'end_reason', r.end_reason, 'last_input_at', hg_ms(r.last_input_at),
          'last_work_at', hg_ms(r.last_work_at), 'idle_stop_seconds', s.idle_stop_seconds,
          'awake_from', hg_ms(s.awake_from), 'awake_until', hg_ms(s.awake_until),
          'metrics', r.metrics) order by s.created_at desc, s.id desc)
        from session s left join run r on r.id = s.last_run_id
        where s.account_id = a.id and s.deleted_at is null
          and (${sessionId}::text is null or s.id = ${sessionId})), '[]') as sessions
    from (select id, status, own_plan_id, greatest(hg_clock(), clock_at) as now from account where id = ${accountId}) a`;
  if (!row) throw notFound('account');
  const state = toState(row);
  return { state, sessions: row.sessions.map((json) => toSession(json, state)) };
}

/** Returns one session of the account. Throws NOT_FOUND, also for a session of another account. */
export async function readSession(sql: Sql, accountId: string, sessionId: string): Promise<Session> {
  const { sessions } = await readSessions(sql, accountId, sessionId);
  const session = sessions[0];
  if (!session) throw notFound('session');
  return session;
}

function toSession(json: SessionJson, state: AccountState): Session {
  const open = state.openRuns.find((run) => run.id === json.run_id);
  const stop = open ? nextStop(state, open) : null;
  const kept = { awakeFrom: json.awake_from, awakeUntil: json.awake_until };
  return {
    id: json.id,
    name: json.name,
    agent: json.agent,
    region: json.region,
    size: json.size,
    status: json.status ?? 'stopped',
    createdAt: toIso(json.created_at),
    startedAt: toIsoOrNull(json.started_at),
    stoppedAt: toIsoOrNull(json.ended_at),
    stopsAt: toIsoOrNull(stop?.at ?? null),
    stopCause: stop?.cause ?? null,
    endReason: json.end_reason,
    lastActiveAt: toIsoOrNull(json.last_input_at),
    lastWorkAt: toIsoOrNull(json.last_work_at),
    idleStopSeconds: idleSecondsOf(state.plan, json.idle_stop_seconds),
    keepAwakeUntil: toIsoOrNull(awakeUntilOf(state, kept)),
    metrics: json.status === 'running' ? json.metrics : null,
  };
}
