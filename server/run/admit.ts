import type { Sql, TxSql } from '@/db/client';
import type { TxCtx } from '../context';
import { DomainError, notFound, type Reason } from '../errors';
import { newId } from '../ids';
import { type AccountState, quotaRules } from '../quota/account-state';
import { alignQuota, hold } from '../quota/book';
import { decideStart } from '../quota/decide-start';
import { firstSlice } from '../quota/grant';
import { endOf, lengthOf, type Segment } from '../quota/lease';
import { lockRow, toState } from '../quota/load-account';
import { refuseStart } from '../quota/refuse-start';
import type { Agent, Size } from '../shapes';
import { idleSecondsOf } from './idle';
import { LAUNCH_LIMIT_MS } from './run-row';

export type StartInput = { accountId: string; sessionId: string; idempotencyKey?: string };

export type SessionRow = {
  id: string;
  account_id: string;
  name: string;
  agent: Agent;
  region: string;
  size: Size;
  volume_id: string | null;
  last_run_id: string | null;
  idle_stop_seconds: number | null;
};

export type Admitted = {
  kind: 'admitted';
  runId: string;
  session: SessionRow;
  leaseMs: number;
  storageGb: number;
  idleStopSeconds: number;
};
export type Admission = Admitted | { kind: 'unchanged' } | { kind: 'replayed'; failure: Reason | null };

/**
 * The decision of a start, in the caller's transaction, before any machine exists. Either a run with its first slice
 * already reserved, or a refusal that leaves nothing behind.
 * Throws NOT_FOUND, IDEMPOTENCY_MISMATCH, the refusals of an account, SESSION_STOPPING.
 */
export async function admitRun(tx: TxCtx, input: StartInput): Promise<Admission> {
  const row = await lockRow<StartRow>(tx, input.accountId, startColumns(tx.sql, input));
  const found = { state: toState(row), session: row.session, replay: row.replay };
  const answer = answerStart(tx, found, input);
  if (answer.kind !== 'open') return answer;
  return insertRun(tx, found.state, answer.session, input.idempotencyKey ?? null);
}

type Replay = { session_id: string; failure: Reason | null };
export type StartRow = { session: SessionRow | null; replay: Replay | null };
type Found = StartRow & { state: AccountState };

/** Columns beside those of an account's state: the session to start, and an earlier run under the same key. */
export const startColumns = (sql: Sql | TxSql, input: StartInput) => sql`,
  (select json_build_object('id', s.id, 'account_id', s.account_id, 'name', s.name, 'agent', s.agent,
      'region', s.region, 'size', s.size, 'volume_id', s.volume_id, 'last_run_id', s.last_run_id,
      'idle_stop_seconds', s.idle_stop_seconds)
    from session s where s.id = ${input.sessionId} and s.account_id = a.id and s.deleted_at is null) as session,
  (select json_build_object('session_id', r.session_id, 'failure', r.failure)
    from run r where r.account_id = a.id and r.start_key = ${input.idempotencyKey ?? null}) as replay`;

/**
 * What a start is answered as things stand: a refusal (thrown), what is there already, or `open` where a run may be made.
 * Throws as `admitRun`.
 */
export function answerStart(
  ctx: Pick<TxCtx, 'env'>,
  { state, session, replay }: Found,
  input: StartInput,
): Exclude<Admission, Admitted> | { kind: 'open'; session: SessionRow } {
  if (!session) throw notFound('session');
  if (replay && replay.session_id !== input.sessionId) {
    throw new DomainError(
      'IDEMPOTENCY_MISMATCH',
      'This idempotency key was used to start another session. Use a fresh key.',
    );
  }
  if (replay) return { kind: 'replayed', failure: replay.failure };

  const open = state.openRuns.find((run) => run.sessionId === session.id);
  if (open && open.status !== 'stopping') return { kind: 'unchanged' };
  const { reason } = decideStart(state, quotaRules(ctx.env));
  if (reason) throw refuseStart(ctx, state, reason);
  if (open) {
    throw new DomainError('SESSION_STOPPING', 'This session is still stopping. Try again in a moment.');
  }
  return { kind: 'open', session };
}

async function insertRun(
  tx: TxCtx,
  state: AccountState,
  session: SessionRow,
  key: string | null,
): Promise<Admitted> {
  await alignQuota(tx, state);
  const segments = firstSlice(state, quotaRules(tx.env));
  const runId = newId();
  const leaseMs = lengthOf(segments);
  const idleStopSeconds = idleSecondsOf(state.plan, session.idle_stop_seconds);
  const { now } = state;
  await Promise.all([
    hold(tx, state, segments),
    tx.sql`
      with fresh_run as (
        insert into run (id, account_id, session_id, status, start_key, region, admitted_at, metered_to, proof_at,
          lease_ms, lease_until, idle_stop_seconds, due_at)
        values (${runId}, ${session.account_id}, ${session.id}, 'starting', ${key}, ${session.region}, ${now}, ${now},
          ${now}, ${leaseMs}, ${endOf(segments, now)}, ${idleStopSeconds}, ${now + LAUNCH_LIMIT_MS})),
      fresh_lease as (
        insert into lease (run_id, account_id, segments)
        values (${runId}, ${state.accountId}, ${tx.sql.json(segments)}))
      update session set last_run_id = ${runId} where id = ${session.id}`,
  ]);
  return { kind: 'admitted', runId, session, leaseMs, storageGb: state.plan.storageGb, idleStopSeconds };
}

/** Writes the lease row of a run, replacing what it held before. */
export const writeLease = (tx: TxCtx, runId: string, accountId: string, segments: Segment[]) => tx.sql`
  insert into lease (run_id, account_id, segments) values (${runId}, ${accountId}, ${tx.sql.json(segments)})
  on conflict (run_id) do update set segments = excluded.segments`;
