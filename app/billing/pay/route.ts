import { leadToInvoice } from '../../_server/invoice';

export const dynamic = 'force-dynamic';

/** Redirects an owner to the provider's page of the open invoice. */
export const GET = (request: Request): Promise<Response> => leadToInvoice(request, null);
