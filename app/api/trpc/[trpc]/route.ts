import { TRPCError } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { actorOf } from '@/app/_server/actor';
import { webContext } from '@/app/_server/context';
import { visitorCurrency } from '@/app/_server/currency';
import type { Actor } from '@/server/context';
import { DomainError } from '@/server/errors';
import { newId } from '@/server/ids';
import { appRouter } from '@/server/router';
import { readBounded } from '../../read-bounded';

export const dynamic = 'force-dynamic';

async function handle(request: Request): Promise<Response> {
  const { ctx, env } = webContext();
  const requestId = newId();
  const foreign = refuseForeign(request, env.APP_URL);
  if (foreign) return foreign;
  const bounded = await readBounded(request);
  if (bounded instanceof Response) return bounded;
  const responseHeaders = new Headers({ 'x-request-id': requestId });
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: bounded,
    router: appRouter,
    createContext: async () => ({
      ...ctx,
      log: ctx.log.child({ requestId }),
      actor: await findOrRefuse(request.headers),
      requestId,
      currency: visitorCurrency(request.headers),
      responseHeaders,
    }),
    responseMeta: () => ({ headers: responseHeaders }),
  });
}

/** Who asks; a bad API key is a refusal of its own and never an accident. */
async function findOrRefuse(headers: Headers): Promise<Actor | null> {
  try {
    return await actorOf(headers);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new TRPCError({ code: error.code, message: error.message, cause: error });
  }
}

/** A browser on another site may not act with our visitor's sign-in. API keys carry no cookie and may come from anywhere. */
function refuseForeign(request: Request, appUrl: string): Response | null {
  const origin = request.headers.get('origin');
  const isForeign = origin !== null && origin !== new URL(appUrl).origin;
  if (!isForeign || !request.headers.has('cookie') || request.headers.has('authorization')) return null;
  const message = 'This request came from another site and was refused.';
  const data = { code: 'FORBIDDEN', httpStatus: 403, reason: 'FORBIDDEN' };
  return Response.json({ error: { message, code: -32003, data } }, { status: 403 });
}

export { handle as GET, handle as POST };
