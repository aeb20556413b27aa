import type { Ctx } from '../context';
import { withTimeout } from '../with-timeout';
import { tickRun } from './tick';

/** How long a person waits for the provider. Their stop is decided by then; the rest is seen through without them. */
const TIMEOUT_MS = 1_500;

/**
 * Tells the machine of a run that is to end, at once; returns when it was told or when that takes too long. The
 * timekeeper goes on in any case. Never throws.
 */
export async function enforceStopSoon(ctx: Ctx, runId: string): Promise<void> {
  const pressed = tickRun(ctx, runId).catch((error) =>
    ctx.log.warn({ err: error, runId }, 'a machine could not be told at once; the timekeeper tells it'),
  );
  await withTimeout(pressed, TIMEOUT_MS);
}
