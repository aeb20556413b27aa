import { leadToInvoice } from '../../_server/invoice';

export const dynamic = 'force-dynamic';

/** Leads an owner on to the provider's page of the invoice that is open now. */
export const GET = (request: Request): Promise<Response> => leadToInvoice(request, null);
