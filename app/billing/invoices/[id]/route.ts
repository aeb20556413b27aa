import { leadToInvoice } from '../../../_server/invoice';
import { queryText } from '../../../_server/query-text';

export const dynamic = 'force-dynamic';

type Params = { params: Promise<{ id: string }> };

/** Redirects a member to the provider's page of one invoice, to print or to pay it. */
export const GET = async (request: Request, { params }: Params): Promise<Response> =>
  leadToInvoice(request, queryText((await params).id, 100));
