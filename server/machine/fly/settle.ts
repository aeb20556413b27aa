import { setTimeout as pause } from 'node:timers/promises';
import type { LaunchOrder, MachineFailure, Outcome } from '../machines';
import { type FlyAccess, unwanted } from './access';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;
/** After this time a refusal is final, in ms. */
const SETTLE_MS = 25_000;

/**
 * Repeats a call whose refusal is temporary, while the run is wanted. Such a refusal created nothing: a new app is not
 * known everywhere yet, or a disk is still claimed by the machine that had it last.
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

/** Just after the creation of an app a 401 is as temporary as a 404; the provider's own tools ignore both. */
const isNotKnown = ({ kind, status }: MachineFailure): boolean => kind === 'not_found' || status === 401;
