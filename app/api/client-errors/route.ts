import { webContext } from '@/app/_server/context';
import { openDoor } from '@/app/_server/doors';
import { readBounded } from '@/app/_server/read-bounded';
import { nameDevice } from '@/server/account/name-device';
import { DomainError } from '@/server/errors';
import { clientAddress } from '@/server/http/address';
import { noteError } from '@/server/http/note-error';
import { toResponse } from '@/server/http/to-response';

export const dynamic = 'force-dynamic';

/** Records an error of a page of this app. Reads no cookies and keys, so that the report names no account. */
export async function POST(request: Request): Promise<Response> {
  const { ctx, env } = webContext();
  try {
    if (request.headers.get('origin') !== new URL(env.APP_URL).origin)
      throw new DomainError('FORBIDDEN', 'Only pages of this site report errors here.');
    const address = clientAddress(request.headers, env.TRUSTED_PROXIES);
    const body: unknown = await (await readBounded(request)).json().catch(() => null);
    await noteError(ctx, { address, browser: nameDevice(request.headers.get('user-agent')) }, body);
    return new Response(null, { status: 204 });
  } catch (error) {
    return toResponse(error, ctx.log);
  }
}

openDoor(/^\/api\/client-errors$/, { POST });
