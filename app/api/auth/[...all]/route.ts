import { toNextJsHandler } from 'better-auth/next-js';
import { webAuth } from '@/app/_server/actor';
import { webContext } from '@/app/_server/context';
import { readBounded } from '@/app/_server/read-bounded';
import { limitDatabaseTime } from '@/db/time-limit';
import { resignCookies } from '@/server/account/resign-cookies';
import { REQUEST_TIMEOUT_MS } from '@/server/context';
import { quotaUnavailable } from '@/server/errors';
import { ADDRESS_HEADER, clientAddress } from '@/server/http/address';
import { toResponse } from '@/server/http/to-response';

export const dynamic = 'force-dynamic';

async function handle(request: Request): Promise<Response> {
  try {
    return await answer(request, await readBounded(request));
  } catch (error) {
    return toResponse(error, webContext().ctx.log);
  }
}

async function answer(request: Request, bounded: Request): Promise<Response> {
  const { env } = webContext();
  const headers = new Headers(resignCookies(env.AUTH_SECRET, request.headers));
  headers.set(ADDRESS_HEADER, clientAddress(request.headers, env.TRUSTED_PROXIES));
  const method = request.method === 'GET' ? 'GET' : 'POST';
  return limitDatabaseTime(REQUEST_TIMEOUT_MS, async (time) => {
    const called = toNextJsHandler(webAuth())[method](new Request(bounded, { headers }));
    const response = await called.catch((error: unknown) => {
      if (!time.failure) throw error;
    });
    if (response && !time.failure) return response;
    // The library reports it as a defect, as wrong input or as a missing sign-in, so its response and cookies are dropped.
    webContext().ctx.log.error({ err: time.failure }, 'PostgreSQL is unreachable');
    const { reason, message } = quotaUnavailable();
    return Response.json({ code: reason, message, reason }, { status: 503 });
  });
}

export { handle as GET, handle as POST };
