import type { Instant } from '../clock';
import type { TxCtx } from '../context';
import { DomainError, notFound, type Reason } from '../errors';
import { newId } from '../ids';
import { type AccountState, quotaRules } from '../quota/account-state';
import { alignQuota, hold } from '../quota/book';
import { decideStart } from '../quota/decide-start';
import { firstSlice } from '../quota/grant';
import { endOf, lengthOf, type Segment } from '../quota/lease';
import { lockAccount } from '../quota/load-account';
import type { Agent, Size } from '../shapes';
import { LAUNCH_LIMIT_MS } from './run-row';
import { refuseStart } from './refuse-start';

export type StartInput = { accountId: string; sessionId: string; idempotencyKey?: string };

export type SessionRow = {
  id: string;
  account_id: string;
  name: string;
  agent: Agent;
  region: string;
  size: Size;
  volume_id: string | null;
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
  const key = input.idempotencyKey ?? null;
  const [state, [session], [replay]] = await Promise.all([
    lockAccount(tx, input.accountId),
    tx.sql<SessionRow[]>`
      select id, account_id, name, agent, region, size, volume_id from session
      where id = ${input.sessionId} and account_id = ${input.accountId} and deleted_at is null`,
    key === null
      ? []
      : tx.sql<{ session_id: string; failure: Reason | null }[]>`
          select session_id, failure from run where account_id = ${input.accountId} and start_key = ${key}`,
  ]);
  if (!session) throw notFound('session');
  if (replay && replay.session_id !== input.sessionId) {
    throw new DomainError('IDEMPOTENCY_MISMATCH', 'This idempotency key was used to start another session. Use a fresh key.');
  }
  if (replay) return { kind: 'replayed', failure: replay.failure };

  const open = state.openRuns.find((run) => run.sessionId === session.id);
  if (open && open.status !== 'stopping') return { kind: 'unchanged' };
  const { reason } = decideStart(state, quotaRules(tx.env));
  if (reason) throw refuseStart(tx, state, reason);
  if (open) {
    throw new DomainError('SESSION_STOPPING', 'This session is still stopping. Try again in a moment.');
  }
  return insertRun(tx, state, session, key);
}

async function insertRun(tx: TxCtx, state: AccountState, session: SessionRow, key: string | null): Promise<Admitted> {
  await alignQuota(tx, state);
  const segments = firstSlice(state, quotaRules(tx.env));
  const runId = newId();
  const leaseMs = lengthOf(segments);
  const idleStopSeconds = state.plan.idleStop.defaultSeconds;
  await Promise.all([
    hold(tx, state, segments),
    writeRun(tx, { runId, now: state.now, session, key, leaseMs, leaseUntil: endOf(segments, state.now), idleStopSeconds }),
    writeLease(tx, runId, state.accountId, segments),
    tx.sql`update session set last_run_id = ${runId} where id = ${session.id}`,
  ]);
  return { kind: 'admitted', runId, session, leaseMs, storageGb: state.plan.storageGb, idleStopSeconds };
}

type FreshRun = {
  runId: string;
  now: Instant;
  session: SessionRow;
  key: string | null;
  leaseMs: number;
  leaseUntil: Instant;
  idleStopSeconds: number;
};

const writeRun = (tx: TxCtx, run: FreshRun) => tx.sql`
  insert into run (id, account_id, session_id, status, start_key, region, admitted_at, metered_to, proof_at,
    lease_ms, lease_until, idle_stop_seconds, due_at)
  values (${run.runId}, ${run.session.account_id}, ${run.session.id}, 'starting', ${run.key}, ${run.session.region},
    ${run.now}, ${run.now}, ${run.now}, ${run.leaseMs}, ${run.leaseUntil}, ${run.idleStopSeconds},
    ${run.now + LAUNCH_LIMIT_MS})`;

/** Writes the lease row of a run, replacing what it held before. */
export const writeLease = (tx: TxCtx, runId: string, accountId: string, segments: Segment[]) => tx.sql`
  insert into lease (run_id, account_id, segments) values (${runId}, ${accountId}, ${tx.sql.json(segments)})
  on conflict (run_id) do update set segments = excluded.segments`;
