import { toIso } from '../clock';
import { type Ctx, failClosed } from '../context';
import { describeStanding } from '../quota/describe-standing';
import type { BatchStatus } from '../shapes';
import { readSessions } from './read-sessions';

/** Returns what a dashboard polls: one consistent read of PostgreSQL. Never calls the provider, never wakes anything. */
export async function batchStatus(ctx: Ctx, accountId: string, currency?: string): Promise<BatchStatus> {
  const { state, sessions } = await failClosed(() => readSessions(ctx.sql, accountId), ctx.log);
  return { now: toIso(state.now), sessions, ...describeStanding(ctx, state, currency) };
}
