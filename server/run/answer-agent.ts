import { z } from 'zod';
import { limitDatabaseTime } from '@/db/time-limit';
import type { Instant } from '../clock';
import { type Ctx, failClosed, inTx, type TxCtx } from '../context';
import type { Env } from '../env';
import { DomainError } from '../errors';
import { metrics } from '../metrics';
import { type AccountState, isClockBehind, type OpenRun } from '../quota/account-state';
import { lockAccount } from '../quota/load-account';
import { clockBehind } from '../quota/refuse-start';
import { LATE, withTimeout } from '../with-timeout';
import { type AgentAnswer, replyOf } from './agent-reply';
import { whyAgentEnds, whyNotRenewed } from './end-reason';
import { hearCall } from './moves/hear-call';
import { afterMove, inTurn, joinMoves, type Move, NO_MOVE, type Step } from './moves/move';
import { proveStart } from './moves/prove-start';
import { renewLease } from './moves/renew';
import { requestStop } from './moves/request-stop';
import { noteEarly } from './note-early';
import { notifyQuota } from './notify-quota';
import { observeCaller } from './observe';
import { type RunRow, readRun } from './run-row';
import { saveRun } from './save-run';
import { stopDueAt } from './times';

const figure = z.number().min(0).max(1e9).optional();

export const agentCallShape = z.strictObject({
  bootId: z.string().regex(/^[\w-]{1,64}$/),
  seq: z.number().int().min(0).max(2_147_483_647),
  event: z.enum(['running', 'renew', 'stopping', 'stopped']),
  lastInputAt: z.iso.datetime({ offset: true }).nullable().optional(),
  lastWorkAt: z.iso.datetime({ offset: true }).nullable().optional(),
  metrics: z
    .strictObject({
      cpuPercent: figure,
      memoryMb: figure,
      memoryTotalMb: figure,
      diskMb: figure,
      diskTotalMb: figure,
    })
    .optional(),
});
export type AgentCall = z.infer<typeof agentCallShape>;

/**
 * Answers one call of a machine's agent. A machine can only shorten its own life: no call extends a lease past the
 * quota, lowers recorded use or touches another run. A repeated or late call changes nothing. Throws UNAUTHORIZED when
 * the run has ended, QUOTA_UNAVAILABLE when PostgreSQL does not answer.
 */
export function answerAgent(ctx: Ctx, runId: string, call: AgentCall): Promise<AgentAnswer> {
  return limitDatabaseTime(AGENT_TIMEOUT_MS, () => answer(ctx, runId, call));
}

/** An agent waits 5 s for an answer, so a later one is useless. */
const AGENT_TIMEOUT_MS = 4_000;

async function answer(ctx: Ctx, runId: string, call: AgentCall): Promise<AgentAnswer> {
  const row = await failClosed(() => readRun(ctx, runId), ctx.log);
  if (!row) throw unknownRun();
  if (row.ended_at !== null) throw new RunEnded();
  const isUnknown = row.started_at === null || row.machine_id === null;
  if (isUnknown && call.event !== 'stopped') await hearProvider(ctx, row);
  const early = await noteEarly(ctx, row, call);
  if (early) return replyOf(early.state, early.run);
  const { reply, wakeAt } = await inTx(ctx, (tx) => decide(tx, row.account_id, runId, call));
  if (wakeAt !== null) await ctx.jobs.wakeRun(runId, wakeAt);
  if (reply.action === 'stop') metrics.renewalsDenied.inc({ reason: reply.reason ?? 'limit' });
  return reply;
}

/** The machine's lease runs meanwhile, so a provider that does not answer must not cost the session. */
const PROVIDER_TIMEOUT_MS = 1_500;

/**
 * Reads the provider, in bounded time, before the agent's call counts as proof: the provider's start event is the
 * better proof, and its answer contains a machine id that may be unknown here.
 */
async function hearProvider(ctx: Ctx, row: RunRow): Promise<void> {
  const heard = await withTimeout(observeCaller(ctx, row), PROVIDER_TIMEOUT_MS);
  if (heard === LATE) ctx.log.warn({ runId: row.id }, 'the provider does not answer; the call is the proof');
}

/** The 401 for a run that is known and has ended. Its machine may rely on it and end. */
export class RunEnded extends DomainError {
  readonly runHasEnded = true;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof DomainError && 'runHasEnded' in value;
  }

  constructor() {
    super('UNAUTHORIZED', 'This token belongs to a run that has ended.');
  }
}

/** The 401 for a run that the database does not know, as after a restore: its machine keeps the lease it has. */
const unknownRun = () => new DomainError('UNAUTHORIZED', 'There is no run of this token here.');

type Decision = { reply: AgentAnswer; wakeAt: Instant | null };

async function decide(tx: TxCtx, accountId: string, runId: string, call: AgentCall): Promise<Decision> {
  const state = await lockAccount(tx, accountId);
  const run = state.openRuns.find((open) => open.id === runId);
  if (!run) throw new RunEnded();
  // A clock that was set back cannot tell what is left of a lease. The machine continues within the lease it has.
  const ends = call.event === 'stopping' || call.event === 'stopped' || run.status === 'stopping';
  if (!ends && isClockBehind(state)) throw clockBehind();
  const stale = run.agentBootId === call.bootId && run.agentSeq !== null && call.seq <= run.agentSeq;
  if (stale) return { reply: replyOf(state, run), wakeAt: null };
  // One run is one life of one machine. A second boot, for example on another host, was never requested.
  if (run.agentBootId !== null && run.agentBootId !== call.bootId) {
    await saveRun(tx, state, run, requestStop(state, run, 'provider'));
    return { reply: replyOf(state, run), wakeAt: state.now };
  }
  const heard: Step = (s, r) => hearCall(s, r, call);
  if (call.event === 'stopping' || call.event === 'stopped') {
    const ending: Step = (s, r) => requestStop(s, r, whyAgentEnds(tx.env, s, r));
    await saveRun(tx, state, run, inTurn({ state, run }, heard, ending));
    return { reply: replyOf(state, run), wakeAt: state.now };
  }
  await saveCall(tx, state, run, heard);
  await notifyQuota(tx, state);
  return {
    reply: replyOf(state, run),
    wakeAt: run.status === 'stopping' ? state.now : stopDueAt(tx.env, run.leaseUntil),
  };
}

/** Saves a call that requests time, in one write: its proof of life, and its renewal or its end. */
async function saveCall(tx: TxCtx, state: AccountState, run: OpenRun, heard: Step): Promise<void> {
  const said = inTurn({ state, run }, heard, (s, r) => proveStart(tx.env, s, r, s.now));
  const proven = afterMove({ state, run }, said);
  const decided = renewOrStop(tx.env, proven.state, proven.run);
  await saveRun(tx, state, run, joinMoves(said, decided));
  if (run.leaseUntil > proven.run.leaseUntil)
    tx.afterCommit(() => metrics.leasesGranted.inc({ at: 'renewal' }));
}

function renewOrStop(env: Env, state: AccountState, run: OpenRun): Move {
  if (run.status !== 'running') return NO_MOVE;
  const reason = whyNotRenewed(env, state, run);
  return reason ? requestStop(state, run, reason) : renewLease(env, state, run);
}
