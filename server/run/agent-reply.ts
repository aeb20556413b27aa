import { KEPT } from '../kept';
import { type AccountState, isHeldBack, type OpenRun } from '../quota/account-state';
import { heldBackSentence } from '../quota/refuse-start';
import type { EndReason } from '../shapes';
import { awakeUntilOf, idleSecondsOf } from './idle';

export type AgentAnswer = {
  action: 'run' | 'stop';
  /** What is left of the lease, in ms, counted from before the request was sent. */
  leaseMs: number;
  final: boolean;
  reason?: EndReason;
  message?: string;
  /**
   * After how many ms without keystroke and work the session stops, when that differs from what the machine was created
   * with.
   */
  idleMs?: number;
  /** After how many ms without a keystroke the session stops, whatever works. */
  idleMaxMs?: number;
  /** For how many ms the session is kept awake. */
  awakeMs?: number;
};

/** Returns what the agent is told about its run as of now. Pure. */
export function replyOf(state: AccountState, run: OpenRun): AgentAnswer {
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

/** Returns the current idle stop, where it differs from what the machine was created with. */
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
