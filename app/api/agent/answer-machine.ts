import type { z } from 'zod';
import { webContext } from '@/app/_server/context';
import { isDatabaseAway } from '@/db/away';
import type { Ctx } from '@/server/context';
import { DomainError, type Reason } from '@/server/errors';
import { readRunToken } from '@/server/run/tokens';
import { readBounded } from '../read-bounded';

const refusal = (status: number, reason: string, message: string): Response =>
  Response.json({ error: { reason, message } }, { status });

const STATUS_OF: Partial<Record<Reason, number>> = { UNAUTHORIZED: 401, RATE_LIMITED: 429 };

/** Answers one call of a machine: its run token speaks for its own run only. */
export async function answerMachine<T>(
  request: Request,
  shape: z.ZodType<T>,
  answer: (ctx: Ctx, runId: string, call: T) => Promise<object>,
): Promise<Response> {
  const { ctx, env } = webContext();
  const token = /^Bearer (\S+)$/.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
  const runId = readRunToken(env.AUTH_SECRET, token);
  if (runId === null) return refusal(401, 'UNAUTHORIZED', 'This run token is not valid.');
  const bounded = await readBounded(request);
  if (bounded instanceof Response) return bounded;
  const body: unknown = await bounded.json().catch(() => null);
  const call = shape.safeParse(body);
  if (!call.success)
    return refusal(400, 'INVALID_INPUT', 'The call does not have the form of the machine protocol.');
  try {
    await ctx.rates.takeAgentCall(runId);
    return Response.json(await answer(ctx, runId, call.data));
  } catch (error) {
    if (error instanceof DomainError) {
      return refusal(STATUS_OF[error.reason] ?? 503, error.reason, error.message);
    }
    if (isDatabaseAway(error))
      return refusal(503, 'QUOTA_UNAVAILABLE', 'The lease cannot be renewed right now.');
    ctx.log.error({ err: error, runId }, 'agent call failed');
    return refusal(500, 'INTERNAL', 'Something went wrong on our side.');
  }
}
