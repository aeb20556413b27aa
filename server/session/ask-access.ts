import { z } from 'zod';
import { type Ctx, failClosed } from '../context';
import { DomainError } from '../errors';
import { endedGrants, type Grant, isGrant } from '../run/grants';
import { readRun } from '../run/run-row';

const MAX_GRANTS = 64;

export const accessQuestionShape = z.strictObject({
  grants: z.array(z.string().refine(isGrant)).max(MAX_GRANTS),
});

/**
 * Tells the machine of a run which grants of its open terminals have ended. Throws UNAUTHORIZED when the run has ended,
 * QUOTA_UNAVAILABLE while PostgreSQL is unreachable.
 */
export async function askAccess(ctx: Ctx, runId: string, grants: Grant[]): Promise<{ ended: Grant[] }> {
  const run = await failClosed(() => readRun(ctx, runId), ctx.log);
  if (!run || run.ended_at !== null)
    throw new DomainError('UNAUTHORIZED', 'This token belongs to a run that has ended.');
  return { ended: await failClosed(() => endedGrants(ctx, run.account_id, grants), ctx.log) };
}
