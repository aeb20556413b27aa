import { toNextJsHandler } from 'better-auth/next-js';
import { webAuth } from '@/app/_server/actor';
import { readBounded } from '../../read-bounded';

export const dynamic = 'force-dynamic';

async function handle(request: Request): Promise<Response> {
  const bounded = await readBounded(request);
  if (bounded instanceof Response) return bounded;
  return toNextJsHandler(webAuth())[request.method === 'GET' ? 'GET' : 'POST'](bounded);
}

export { handle as GET, handle as POST };
