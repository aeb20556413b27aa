import type { Sql, TxSql } from '@/db/client';
import type { Row } from '@/db/rows';
import type { run, session } from '@/db/schema/session';
import type { TxCtx } from '../context';
import { DomainError, notFound, type Reason } from '../errors';
import { newId } from '../ids';
import { type AccountState, quotaRules } from '../quota/account-state';
import { decideStart } from '../quota/decide-start';
import { lockRow, toState } from '../quota/load-account';
import { refuseStart } from '../quota/refuse-start';
import type { Agent, Size } from '../shapes';
import { admitStart } from './moves/admit';
import { saveNewRun } from './save-run';

export type StartInput = { accountId: string; sessionId: string; idempotencyKey?: string };

type SessionRow = Pick<
  Row<typeof session>,
  'id' | 'account_id' | 'name' | 'region' | 'volume_id' | 'last_run_id' | 'idle_stop_seconds'
> & { agent: Agent; size: Size; has_secrets: boolean };

export type Admitted = {
  kind: 'admitted';
  runId: string;
  session: SessionRow;
  leaseMs: number;
  storageGb: number;
  idleStopSeconds: number;
  installationId: string;
};
export type Admission = Admitted | { kind: 'unchanged' } | { kind: 'replayed'; failure: Reason | null };

/**
 * Decides a start in the caller's transaction, before any machine exists. Returns a run with its first slice reserved;
 * a refusal changes nothing. Throws NOT_FOUND, IDEMPOTENCY_MISMATCH, SESSION_STOPPING and the refusals of an account.
 */
export async function admitRun(tx: TxCtx, input: StartInput): Promise<Admission> {
  const row = await lockRow<StartRow>(tx, input.accountId, startColumns(tx.sql, input));
  const found = { state: toState(row), session: row.session, replay: row.replay };
  const answer = answerStart(tx, found, input);
  if (answer.kind !== 'open') return answer;
  const made = await insertRun(tx, found.state, answer.session, input.idempotencyKey ?? null);
  return { ...made, installationId: row.installation_id };
}

type Replay = Pick<Row<typeof run>, 'session_id'> & { failure: Reason | null };
export type StartRow = { session: SessionRow | null; replay: Replay | null; installation_id: string };
type Found = Pick<StartRow, 'session' | 'replay'> & { state: AccountState };

/**
 * The columns of a start beside those of the account's state: the session, an earlier run with the same key, and the
 * installation.
 */
export const startColumns = (sql: Sql | TxSql, input: StartInput) => sql`,
  (select id from installation) as installation_id,
  (select json_build_object('id', s.id, 'account_id', s.account_id, 'name', s.name, 'agent', s.agent,
      'region', s.region, 'size', s.size, 'volume_id', s.volume_id, 'last_run_id', s.last_run_id,
      'idle_stop_seconds', s.idle_stop_seconds, 'has_secrets', exists (select 1 from secret x
        where x.account_id = s.account_id and (x.session_id is null or x.session_id = s.id)))
    from session s where s.id = ${input.sessionId} and s.account_id = a.id and s.deleted_at is null) as session,
  (select json_build_object('session_id', r.session_id, 'failure', r.failure)
    from run r where r.account_id = a.id and r.start_key = ${input.idempotencyKey ?? null}) as replay`;

/**
 * Returns the result of a start that is known before it is decided: what already exists, or `open` when a run may be
 * made. Throws the refusal, as `admitRun` does.
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
): Promise<Omit<Admitted, 'installationId'>> {
  const runId = newId();
  const made = admitStart(tx.env, state, session, { id: runId, key });
  await saveNewRun(tx, state, made);
  return {
    kind: 'admitted',
    runId,
    session,
    leaseMs: made.row.lease_ms,
    storageGb: state.plan.storageGb,
    idleStopSeconds: made.row.idle_stop_seconds,
  };
}
