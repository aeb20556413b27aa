import type { Instant } from '../clock';
import { DomainError } from '../errors';
import type { AccountState, OpenRun } from '../quota/account-state';
import type { Plan } from '../shapes';

/** When a session is idle for too long. Everything here is pure and follows the plan in force. */

/** Returns the idle stop of a session in seconds: the chosen one, cut to the bounds of the plan. */
export function idleSecondsOf({ idleStop }: Pick<Plan, 'idleStop'>, chosen: number | null): number {
  const seconds = chosen ?? idleStop.defaultSeconds;
  return Math.min(Math.max(seconds, idleStop.minSeconds), idleStop.maxSeconds);
}

/**
 * A machine asks the server once it has been idle for too long. One that has not received a change is ended this much
 * later, in ms.
 */
const IDLE_SLACK_MS = 15_000;

type Kept = Pick<OpenRun, 'awakeFrom' | 'awakeUntil'>;

/**
 * Returns until when a session is kept awake, cut to what the plan allows from the moment of the request; null when it
 * is not.
 */
export function awakeUntilOf(state: Pick<AccountState, 'plan' | 'now'>, kept: Kept): Instant | null {
  if (kept.awakeFrom === null || kept.awakeUntil === null) return null;
  const until = Math.min(kept.awakeUntil, kept.awakeFrom + state.plan.idleStop.maxSeconds * 1000);
  return until > state.now ? until : null;
}

type Idle = Pick<
  OpenRun,
  'startedAt' | 'idleStopSeconds' | 'chosenIdleSeconds' | 'lastInputAt' | 'lastWorkAt'
> &
  Kept;

/**
 * Returns when a run has been idle for too long, counted from the last keystroke or work, or from its start. Whatever
 * works, the run ends after the plan's longest time without a keystroke, unless it is kept awake. Null without an idle
 * stop.
 */
export function idleEndsAt(state: Pick<AccountState, 'plan' | 'now'>, run: Idle): Instant | null {
  if (run.startedAt === null || run.idleStopSeconds === null) return null;
  const typedAt = Math.max(run.startedAt, run.lastInputAt ?? 0);
  const activeAt = Math.max(typedAt, run.lastWorkAt ?? 0);
  const idleAt = activeAt + idleSecondsOf(state.plan, run.chosenIdleSeconds) * 1000;
  const latestAt = typedAt + state.plan.idleStop.maxSeconds * 1000;
  return Math.max(Math.min(idleAt, latestAt), awakeUntilOf(state, run) ?? 0);
}

/**
 * Returns when the timekeeper ends an idle run whose machine did not ask or has not received a change; null without an
 * idle stop.
 */
export function idleStopDueAt(state: Pick<AccountState, 'plan' | 'now'>, run: Idle): Instant | null {
  const idleAt = idleEndsAt(state, run);
  return idleAt === null ? null : idleAt + IDLE_SLACK_MS;
}

export type Said = { lastInputAt?: string | null; lastWorkAt?: string | null };
type Active = Pick<OpenRun, 'startedAt' | 'lastInputAt' | 'lastWorkAt'>;

/**
 * Returns the activity of a run after a call of its agent. No instant lies in the future or goes back, and work counts
 * no longer than the plan lets a session run without a keystroke.
 */
export function activityOf(
  state: Pick<AccountState, 'plan' | 'now'>,
  run: Active,
  said: Said,
): Pick<OpenRun, 'lastInputAt' | 'lastWorkAt'> {
  const instantOf = (text: string | null | undefined) => (text ? Math.min(Date.parse(text), state.now) : 0);
  const lastInputAt = Math.max(instantOf(said.lastInputAt), run.lastInputAt ?? 0) || null;
  const latestAt =
    Math.max(run.startedAt ?? state.now, lastInputAt ?? 0) + state.plan.idleStop.maxSeconds * 1000;
  const lastWorkAt = Math.max(Math.min(instantOf(said.lastWorkAt), latestAt), run.lastWorkAt ?? 0) || null;
  return { lastInputAt, lastWorkAt };
}

/** Throws INVALID_INPUT for an idle stop that the plan does not allow. */
export function needIdleSeconds({ name, idleStop }: Plan, seconds: number): void {
  const { minSeconds, maxSeconds } = idleStop;
  if (seconds >= minSeconds && seconds <= maxSeconds) return;
  const message =
    minSeconds === maxSeconds
      ? `The ${name} plan stops a session after ${inWords(minSeconds)} without a keystroke or work; this cannot be chosen.`
      : `The ${name} plan lets a session stop after ${inWords(minSeconds)} to ${inWords(maxSeconds)} without a keystroke or work.`;
  throw new DomainError('INVALID_INPUT', message, { fields: { idleStopSeconds: [message] } });
}

function inWords(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
