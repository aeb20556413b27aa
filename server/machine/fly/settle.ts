import { setTimeout as pause } from 'node:timers/promises';
import type { LaunchOrder, MachineFailure, Outcome } from '../machines';
import { type FlyAccess, unwanted } from './access';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;
/** A refusal that has not passed after so long is final. */
const SETTLE_MS = 25_000;

/**
 * Repeats a call that is refused for a reason that passes by itself, while the run is wanted. Such a refusal has made
 * nothing: an app that was created moments ago is not known everywhere, and a disk stays claimed for a while by the machine
 * that had it last.
 */
export async function untilSettled<T>(
  fly: FlyAccess,
  { app }: Pick<LaunchOrder, 'app'>,
  stillWanted: () => Promise<boolean>,
  call: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const until = performance.now() + SETTLE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const answer = await call();
    if (answer.ok || !passesByItself(fly, app, answer.failure) || performance.now() > until) return answer;
    await pause(pauseMs);
    if (!(await stillWanted())) return unwanted();
  }
}

const passesByItself = (fly: FlyAccess, app: string, failure: MachineFailure): boolean =>
  isClaimed(failure) || (fly.apps.isFresh(app) && isNotKnown(failure));

const isClaimed = ({ kind, message }: MachineFailure): boolean =>
  kind === 'refused' && /already claimed/i.test(message);

/** The provider's own tools take a 401 as little as a 404 for an answer just after an app was created. */
const isNotKnown = ({ kind, status }: MachineFailure): boolean => kind === 'not_found' || status === 401;
