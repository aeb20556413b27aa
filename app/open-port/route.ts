import { DomainError } from '@/server/errors';
import { localPath } from '@/server/http/local-path';
import { portNumber } from '@/server/port-shapes';
import { grantOf } from '@/server/run/grants';
import { openPort } from '@/server/session/ports/open-port';
import { actorOf } from '../_server/actor';
import { webContext } from '../_server/context';
import { queryText } from '../_server/query-text';

export const dynamic = 'force-dynamic';

/** Redirects a member of the account to a port of a session, with a ticket that opens it; other visitors to sign-in. */
export async function GET(request: Request): Promise<Response> {
  const { ctx, env } = webContext();
  const to = (path: string) => leadTo(`${env.APP_URL}${path}`);
  const { pathname, search, searchParams } = new URL(request.url);
  const actor = await actorOf(request.headers);
  if (actor?.kind !== 'user') return to(`/sign-in?next=${encodeURIComponent(`${pathname}${search}`)}`);
  const sessionId = queryText(searchParams.get('session') ?? undefined, 64);
  const port = portNumber.safeParse(Number(searchParams.get('port')));
  const path = localPath(searchParams.get('path')) ?? '/';
  if (!port.success) return to('/dashboard');
  try {
    const input = { accountId: actor.accountId, sessionId, port: port.data, path, grant: grantOf(actor) };
    return leadTo(await openPort(ctx, input));
  } catch (error) {
    if (error instanceof DomainError) return to(`/sessions/${encodeURIComponent(sessionId)}`);
    throw error;
  }
}

const leadTo = (location: string): Response =>
  new Response(null, {
    status: 303,
    headers: { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  });
