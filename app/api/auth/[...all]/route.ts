import { toNextJsHandler } from 'better-auth/next-js';
import { webAuth } from '@/app/_server/actor';
import { webContext } from '@/app/_server/context';
import { ADDRESS_HEADER, clientAddress } from '@/server/address';
import { readBounded } from '../../read-bounded';

export const dynamic = 'force-dynamic';

async function handle(request: Request): Promise<Response> {
  const bounded = await readBounded(request);
  if (bounded instanceof Response) return bounded;
  const headers = new Headers(request.headers);
  headers.set(ADDRESS_HEADER, clientAddress(request.headers, webContext().env.TRUSTED_PROXIES));
  const method = request.method === 'GET' ? 'GET' : 'POST';
  return toNextJsHandler(webAuth())[method](new Request(bounded, { headers }));
}

export { handle as GET, handle as POST };
