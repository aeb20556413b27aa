import { TRPCError } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { actorOf } from '@/app/_server/actor';
import { webContext } from '@/app/_server/context';
import { visitorCurrency } from '@/app/_server/currency';
import { openDoor } from '@/app/_server/doors';
import { readBounded } from '@/app/_server/read-bounded';
import { limitDatabaseTime } from '@/db/time-limit';
import { REQUEST_TIMEOUT_MS } from '@/server/context';
import { DomainError } from '@/server/errors';
import { clientAddress } from '@/server/http/address';
import { bearerOf } from '@/server/http/bearer';
import { headersOf, toTrpcResponse } from '@/server/http/to-response';
import { newId } from '@/server/ids';
import { appRouter } from '@/server/router';

export const dynamic = 'force-dynamic';

/** One time limit covers all PostgreSQL queries of a request, authentication included. */
const handle = (request: Request): Promise<Response> =>
  limitDatabaseTime(REQUEST_TIMEOUT_MS, () => answer(request));

async function answer(request: Request): Promise<Response> {
  const { ctx, env } = webContext();
  const requestId = newId();
  const bounded = await readAdmissible(request, env.APP_URL);
  if (bounded instanceof Response) return bounded;
  const responseHeaders = new Headers({ 'x-request-id': requestId });
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: bounded,
    router: appRouter,
    maxBatchSize: MAX_BATCH_SIZE,
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

/** Turns a refusal before any procedure runs, such as of an invalid API key, into a tRPC error with its headers. */
async function refusing<T>(ask: () => Promise<T>, responseHeaders: Headers): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    for (const [name, value] of Object.entries(headersOf(error))) responseHeaders.set(name, value);
    throw new TRPCError({ code: error.code, message: error.message, cause: error });
  }
}

/** Returns the request with its body read, or the response that refuses it. */
async function readAdmissible(request: Request, appUrl: string): Promise<Request | Response> {
  try {
    refuseForeign(request, appUrl);
    refuseMany(request);
    return await readBounded(request);
  } catch (error) {
    if (error instanceof DomainError) return toTrpcResponse(error);
    throw error;
  }
}

/**
 * Refuses requests from other sites that carry a sign-in cookie. API keys come without cookies and may be used from
 * anywhere.
 */
function refuseForeign(request: Request, appUrl: string): void {
  const origin = request.headers.get('origin');
  const isForeign =
    (origin !== null && origin !== new URL(appUrl).origin) ||
    request.headers.get('sec-fetch-site') === 'cross-site';
  if (isForeign && request.headers.has('cookie') && bearerOf(request.headers) === null)
    throw new DomainError('FORBIDDEN', 'This request came from another site and was refused.');
}

/** Most calls in one request; the clients of this app split longer batches. */
const MAX_BATCH_SIZE = 50;

function refuseMany(request: Request): void {
  // The commas between calls may be escaped.
  if (new URL(request.url).pathname.split(/,|%2c/i).length <= MAX_BATCH_SIZE) return;
  const message = `A request may contain at most ${MAX_BATCH_SIZE} calls. Send the others in another request.`;
  throw new DomainError('INVALID_INPUT', message);
}

openDoor(/^\/api\/trpc\/[^/]+$/, { GET: handle, POST: handle });

export { handle as GET, handle as POST };
