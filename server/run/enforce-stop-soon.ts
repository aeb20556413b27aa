import type { Ctx } from '../context';
import { withTimeout } from '../with-timeout';
import { tickRun } from './tick';

/**
 * The longest wait for the provider in a user's stop, in ms. The stop is decided by then, and the timekeeper completes
 * it.
 */
const TIMEOUT_MS = 1_500;

/**
 * Tells the machine of a stopping run to end. Returns when the provider has answered, or at the timeout. The timekeeper
 * continues in any case. Never throws.
 */
export async function enforceStopSoon(ctx: Ctx, runId: string): Promise<void> {
  const pressed = tickRun(ctx, runId).catch((error) =>
    ctx.log.warn({ err: error, runId }, 'a machine could not be told at once; the timekeeper tells it'),
  );
  await withTimeout(pressed, TIMEOUT_MS);
}
