import { TRPCError } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { actorOf } from '@/app/_server/actor';
import { webContext } from '@/app/_server/context';
import { visitorCurrency } from '@/app/_server/currency';
import { limitDatabaseTime } from '@/db/time-limit';
import { REQUEST_TIMEOUT_MS } from '@/server/context';
import { DomainError } from '@/server/errors';
import { clientAddress } from '@/server/http/address';
import { newId } from '@/server/ids';
import { appRouter } from '@/server/router';
import { readBounded } from '../../read-bounded';

export const dynamic = 'force-dynamic';

/** Everything that one request asks of PostgreSQL, who asks included, has one limit. */
const handle = (request: Request): Promise<Response> =>
  limitDatabaseTime(REQUEST_TIMEOUT_MS, () => answer(request));

async function answer(request: Request): Promise<Response> {
  const { ctx, env } = webContext();
  const requestId = newId();
  const refused = refuseForeign(request, env.APP_URL) ?? refuseMany(request);
  if (refused) return refused;
  const bounded = await readBounded(request);
  if (bounded instanceof Response) return bounded;
  const responseHeaders = new Headers({ 'x-request-id': requestId });
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: bounded,
    router: appRouter,
    maxBatchSize: MOST_CALLS_AT_ONCE,
    createContext: async ({ info }) => {
      const actor = await refusing(() => actorOf(request.headers), responseHeaders);
      const caller =
        actor && actor.kind !== 'system'
          ? actor.accountId
          : clientAddress(request.headers, env.TRUSTED_PROXIES);
      await refusing(() => ctx.rates.takeCalls(caller, info.calls.length), responseHeaders);
      const log = ctx.log.child({ requestId });
      const currency = visitorCurrency(request.headers);
      return { ...ctx, log, actor, requestId, currency, responseHeaders };
    },
    responseMeta: () => ({ headers: responseHeaders }),
  });
}

/** What is refused before any procedure runs, such as a bad API key, is a refusal of its own and never an accident. */
async function refusing<T>(ask: () => Promise<T>, responseHeaders: Headers): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const { retryAfterSeconds } = error.details;
    if (retryAfterSeconds !== undefined) responseHeaders.set('Retry-After', String(retryAfterSeconds));
    throw new TRPCError({ code: error.code, message: error.message, cause: error });
  }
}

/** A browser on another site may not act with our visitor's sign-in. API keys carry no cookie and may come from anywhere. */
function refuseForeign(request: Request, appUrl: string): Response | null {
  const origin = request.headers.get('origin');
  const isForeign =
    (origin !== null && origin !== new URL(appUrl).origin) ||
    request.headers.get('sec-fetch-site') === 'cross-site';
  if (!isForeign || !request.headers.has('cookie') || request.headers.has('authorization')) return null;
  const message = 'This request came from another site and was refused.';
  const data = { code: 'FORBIDDEN', httpStatus: 403, reason: 'FORBIDDEN' };
  return Response.json({ error: { message, code: -32003, data } }, { status: 403 });
}

/** Calls in one request; clients of ours split longer batches by themselves. */
const MOST_CALLS_AT_ONCE = 50;

function refuseMany(request: Request): Response | null {
  // The commas between them may come escaped.
  if (new URL(request.url).pathname.split(/,|%2c/i).length <= MOST_CALLS_AT_ONCE) return null;
  const message = `One request may carry ${MOST_CALLS_AT_ONCE} calls at most. Send the others in another one.`;
  const data = { code: 'BAD_REQUEST', httpStatus: 400, reason: 'INVALID_INPUT' };
  return Response.json({ error: { message, code: -32600, data } }, { status: 400 });
}

export { handle as GET, handle as POST };
