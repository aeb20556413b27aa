import { leadToPayment } from '../../_server/invoice';
import { queryText } from '../../_server/query-text';

export const dynamic = 'force-dynamic';

/** Redirects an owner to their bank, to confirm the payment of an invoice. */
export const GET = (request: Request): Promise<Response> =>
  leadToPayment(
    request,
    queryText(new URL(request.url).searchParams.get('invoice') ?? undefined, 100) || null,
  );
