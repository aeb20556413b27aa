import type { z } from 'zod';
import { webContext } from '@/app/_server/context';
import { readBounded } from '@/app/_server/read-bounded';
import type { Ctx } from '@/server/context';
import { DomainError } from '@/server/errors';
import { bearerOf } from '@/server/http/bearer';
import { toResponse } from '@/server/http/to-response';
import { RunEnded } from '@/server/run/answer-agent';
import { endProofOf, readRunToken } from '@/server/run/tokens';

/** Answers one call of a machine. A run token authorizes calls for its own run only. */
export async function answerMachine<T>(
  request: Request,
  shape: z.ZodType<T>,
  answer: (ctx: Ctx, runId: string, call: T) => Promise<object>,
): Promise<Response> {
  const { ctx, env } = webContext();
  const token = bearerOf(request.headers) ?? '';
  const runId = readRunToken(env.AUTH_SECRET, token);
  try {
    if (runId === null) throw new DomainError('UNAUTHORIZED', 'This run token is not valid.');
    const body: unknown = await (await readBounded(request)).json().catch(() => null);
    const call = shape.safeParse(body);
    if (!call.success)
      throw new DomainError('INVALID_INPUT', 'The call does not follow the machine protocol.');
    await ctx.rates.takeAgentCall(runId);
    return Response.json(await answer(ctx, runId, call.data));
  } catch (error) {
    const response = toResponse(error, ctx.log, { runId });
    if (error instanceof RunEnded && runId !== null)
      response.headers.set('x-hourglass-ended', endProofOf(token, runId));
    return response;
  }
}
