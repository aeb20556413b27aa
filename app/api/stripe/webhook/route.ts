import { webContext } from '@/app/_server/context';
import { readBounded } from '@/app/_server/read-bounded';
import { limitDatabaseTime } from '@/db/time-limit';
import { receiveEvent } from '@/server/billing/sync/receive-event';
import { REQUEST_TIMEOUT_MS } from '@/server/context';
import { TooLarge } from '@/server/errors';
import { toResponse } from '@/server/http/to-response';

export const dynamic = 'force-dynamic';

/** An event contains one whole object of the provider: larger than other requests, but bounded. */
const MAX_BODY_BYTES = 512 * 1024;

/** Receives events of the payment provider. The signature covers the raw body, so the body is read as text. */
export async function POST(request: Request): Promise<Response> {
  const { ctx } = webContext();
  try {
    const body = await (await readBounded(request, MAX_BODY_BYTES)).text();
    const { status, message } = await limitDatabaseTime(REQUEST_TIMEOUT_MS, () =>
      receiveEvent(ctx, body, request.headers.get('stripe-signature')),
    );
    if (status !== 200) ctx.log.warn({ message }, 'a webhook was refused');
    return Response.json({ message }, { status });
  } catch (error) {
    if (error instanceof TooLarge) return toResponse(error, ctx.log);
    ctx.log.error({ err: error }, 'an event could not be processed; the provider will send it again');
    return Response.json({ message: 'Not processed yet; send it again.' }, { status: 503 });
  }
}
