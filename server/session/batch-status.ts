import { toIso } from '../clock';
import { type Ctx, failClosed } from '../context';
import { describeStanding } from '../quota/describe-standing';
import type { BatchStatus } from '../shapes';
import { readSessions } from './read-sessions';

/**
 * Returns the status a dashboard polls, from one consistent read of PostgreSQL. Never calls the provider and never
 * wakes a worker.
 */
export async function batchStatus(ctx: Ctx, accountId: string, currency?: string): Promise<BatchStatus> {
  const { state, sessions } = await failClosed(() => readSessions(ctx.sql, accountId), ctx.log);
  return { now: toIso(state.now), sessions, ...describeStanding(ctx, state, currency) };
}
