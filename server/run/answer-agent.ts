import { z } from 'zod';
import { limitDatabaseTime } from '@/db/time-limit';
import type { Instant } from '../clock';
import { type Ctx, failClosed, inTx, type TxCtx } from '../context';
import { DomainError } from '../errors';
import { KEPT } from '../kept';
import { metrics } from '../metrics';
import { type AccountState, isClockBehind, isHeldBack, type OpenRun } from '../quota/account-state';
import { lockAccount } from '../quota/load-account';
import { clockBehind, heldBackSentence } from '../quota/refuse-start';
import type { EndReason } from '../shapes';
import { LATE, withTimeout } from '../with-timeout';
import { whyAgentEnds, whyNotRenewed } from './end-reason';
import { awakeUntilOf, idleSecondsOf, noteActivity } from './idle';
import { noteEarly } from './note-early';
import { notifyQuota } from './notify-quota';
import { observeCaller } from './observe';
import { proveStart } from './prove-start';
import { renewLease } from './renew';
import { requestStop } from './request-stop';
import { type RunRow, readRun } from './run-row';
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

export type AgentAnswer = {
  action: 'run' | 'stop';
  /** What is left of the lease, counted from before the request was sent. */
  leaseMs: number;
  final: boolean;
  reason?: EndReason;
  message?: string;
  /** After how long without keystroke and work the session stops, when that is no longer what the machine was told. */
  idleMs?: number;
  /** After how long without a keystroke it stops, whatever works. */
  idleMaxMs?: number;
  /** For how long no idle stop comes, while the session is kept awake. */
  awakeMs?: number;
};

/**
 * Answers one call of a machine's agent. A machine can only shorten its own life: nothing it says extends a lease past
 * its quota, lowers recorded usage or touches another run. A repeated or late call changes nothing.
 * Throws UNAUTHORIZED when the run has ended, QUOTA_UNAVAILABLE when PostgreSQL cannot be asked.
 */
export function answerAgent(ctx: Ctx, runId: string, call: AgentCall): Promise<AgentAnswer> {
  return limitDatabaseTime(AGENT_TIMEOUT_MS, () => answer(ctx, runId, call));
}

/** A machine waits 5 s for an answer: what comes later helps nobody. */
const AGENT_TIMEOUT_MS = 4_000;

async function answer(ctx: Ctx, runId: string, call: AgentCall): Promise<AgentAnswer> {
  const row = await failClosed(() => readRun(ctx, runId), ctx.log);
  if (!row || row.ended_at !== null) throw ended();
  const isUnknown = row.started_at === null || row.machine_id === null;
  if (isUnknown && call.event !== 'stopped') await hearProvider(ctx, row);
  const early = await noteEarly(ctx, row, call);
  if (early) return replyOf(early.state, early.run);
  const { reply, wakeAt } = await inTx(ctx, (tx) => decide(tx, row.account_id, runId, call));
  if (wakeAt !== null) await ctx.jobs.wakeRun(runId, wakeAt);
  if (reply.action === 'stop') metrics.renewalsDenied.inc({ reason: reply.reason ?? 'limit' });
  return reply;
}

/** A machine waits for its lease meanwhile: a provider that hangs must not cost the session. */
const PROVIDER_TIMEOUT_MS = 1_500;

/**
 * The provider's own start event is the better proof, and it knows the machine's id where we do not: asked for, in bounded
 * time, before taking the agent's word.
 */
async function hearProvider(ctx: Ctx, row: RunRow): Promise<void> {
  const heard = await withTimeout(observeCaller(ctx, row), PROVIDER_TIMEOUT_MS);
  if (heard === LATE) ctx.log.warn({ runId: row.id }, 'the provider does not answer; the call is the proof');
}

const ended = () => new DomainError('UNAUTHORIZED', 'This token belongs to a run that has ended.');

type Decision = { reply: AgentAnswer; wakeAt: Instant | null };

async function decide(tx: TxCtx, accountId: string, runId: string, call: AgentCall): Promise<Decision> {
  const state = await lockAccount(tx, accountId);
  const run = state.openRuns.find((open) => open.id === runId);
  if (!run) throw ended();
  // What is left of a lease cannot be told by a clock that was set back: the machine goes on inside of what it was told.
  const ends = call.event === 'stopping' || call.event === 'stopped' || run.status === 'stopping';
  if (!ends && isClockBehind(state)) throw clockBehind();
  const stale = run.agentBootId === call.bootId && run.agentSeq !== null && call.seq <= run.agentSeq;
  if (stale) return { reply: replyOf(state, run), wakeAt: null };
  // One run is one life of one machine: a second one, on another host for example, was never asked for.
  if (run.agentBootId !== null && run.agentBootId !== call.bootId) {
    await requestStop(tx, state, run, 'provider');
    return { reply: replyOf(state, run), wakeAt: state.now };
  }

  await noteCall(tx, state, run, call);
  if (call.event === 'stopping' || call.event === 'stopped') {
    await requestStop(tx, state, run, whyAgentEnds(tx.env, run, state.now));
    return { reply: replyOf(state, run), wakeAt: state.now };
  }
  await proveStart(tx, state, run, state.now);
  if (run.status === 'running') await renewOrStop(tx, state, run);
  await notifyQuota(tx, state);
  return {
    reply: replyOf(state, run),
    wakeAt: run.status === 'stopping' ? state.now : stopDueAt(tx.env, run.leaseUntil),
  };
}

async function renewOrStop(tx: TxCtx, state: AccountState, run: OpenRun): Promise<void> {
  const reason = whyNotRenewed(state, run);
  if (reason) return requestStop(tx, state, run, reason);
  await renewLease(tx, state, run);
}

/** Remembers what the agent said about its user; that it speaks proves life. */
async function noteCall(tx: TxCtx, state: AccountState, run: OpenRun, call: AgentCall): Promise<void> {
  noteActivity(state, run, call);
  run.agentBootId = call.bootId;
  run.agentSeq = call.seq;
  await tx.sql`
    update run set agent_boot_id = ${call.bootId}, agent_seq = ${call.seq}, last_input_at = ${run.lastInputAt},
      last_work_at = ${run.lastWorkAt},
      metrics = coalesce(${call.metrics ? tx.sql.json(call.metrics) : null}, metrics), missing_since = null
    where id = ${run.id}`;
}

function replyOf(state: AccountState, run: OpenRun): AgentAnswer {
  const leaseMs = Math.max(0, run.leaseUntil - state.now);
  if (run.status === 'running') {
    const message = isHeldBack(state)
      ? heldBackSentence(state)
      : run.final
        ? 'Your compute quota is nearly used up. Add more time to go on without a break.'
        : undefined;
    return {
      action: 'run',
      leaseMs,
      final: run.final,
      ...(message ? { message } : {}),
      ...freshIdle(state, run),
    };
  }
  const reason = run.endReason ?? 'limit';
  return { action: 'stop', leaseMs, final: true, reason, message: END_SENTENCES[reason] };
}

/** The idle stop as it is now: only what the machine was not made with. */
function freshIdle(state: AccountState, run: OpenRun): Pick<AgentAnswer, 'idleMs' | 'idleMaxMs' | 'awakeMs'> {
  if (run.idleStopSeconds === null) return {};
  const seconds = idleSecondsOf(state.plan, run.chosenIdleSeconds);
  const awakeUntil = awakeUntilOf(state, run);
  return {
    ...(run.idleStopSeconds === seconds ? {} : { idleMs: seconds * 1000 }),
    idleMaxMs: state.plan.idleStop.maxSeconds * 1000,
    ...(awakeUntil === null ? {} : { awakeMs: awakeUntil - state.now }),
  };
}

const END_SENTENCES: Record<EndReason, string> = {
  user: 'This session was stopped by you.',
  quota: `Your compute quota is used up. ${KEPT}`,
  idle: 'Nobody typed anything for a while, so this session stops to save your quota.',
  limit: 'The reserved time ended and was not renewed.',
  plan: 'Your plan no longer covers this session.',
  blocked: 'This account may not run sessions at the moment.',
  boot_timeout: 'The machine took too long to start.',
  machine_exit: 'The machine ended.',
  provider: 'The machine was ended by its provider.',
  deleted: 'This session was deleted.',
};
