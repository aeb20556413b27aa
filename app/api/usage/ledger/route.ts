import { actorOf } from '@/app/_server/actor';
import { webContext } from '@/app/_server/context';
import { limitDatabaseTime, withoutDatabaseLimit } from '@/db/time-limit';
import { failClosed, REQUEST_TIMEOUT_MS } from '@/server/context';
import { DomainError } from '@/server/errors';
import { toResponse } from '@/server/http/to-response';
import { formatLedger, LEDGER_FORMATS, type LedgerFormat } from '@/server/quota/format-ledger';
import { readLedger } from '@/server/quota/read-ledger';
import { admit } from '@/server/trpc';

export const dynamic = 'force-dynamic';

const TYPES: Record<LedgerFormat, string> = { csv: 'text/csv; charset=utf-8', jsonl: 'application/jsonl' };

/**
 * Downloads the ledger of the caller's account, `?format=csv` or `jsonl`. Read and sent page by page at the reader's
 * pace, never held as a whole.
 */
export const GET = (request: Request): Promise<Response> =>
  limitDatabaseTime(REQUEST_TIMEOUT_MS, () => answer(request));

async function answer(request: Request): Promise<Response> {
  const { ctx } = webContext();
  try {
    const { accountId } = admit(await actorOf(request.headers), 'usage:read');
    await ctx.rates.takeCalls(accountId, 1);
    const format = formatOf(new URL(request.url).searchParams.get('format'));
    const lines = formatLedger(readLedger(ctx.reports, accountId), format);
    // The first page is read before the response begins, so that a refusal can still set the status.
    const first = await failClosed(() => lines.next(), ctx.log);
    return new Response(streamOf(first, lines), {
      headers: {
        'content-type': TYPES[format],
        'content-disposition': `attachment; filename="hourglass-ledger-${accountId}.${format}"`,
        'cache-control': 'no-store',
      },
    });
  } catch (error) {
    return toResponse(error, ctx.log);
  }
}

function formatOf(asked: string | null): LedgerFormat {
  const format = LEDGER_FORMATS.find((known) => known === (asked ?? 'csv'));
  if (!format)
    throw new DomainError(
      'INVALID_INPUT',
      'The format must be csv or jsonl: add ?format=csv or ?format=jsonl.',
    );
  return format;
}

/** Returns a stream that reads on demand; a reader that disconnects ends the reading. */
function streamOf(first: IteratorResult<string>, texts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let read: IteratorResult<string> | null = first;
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = read ?? (await withoutDatabaseLimit(() => texts.next()));
      read = null;
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => void (await texts.return(undefined)),
  });
}
