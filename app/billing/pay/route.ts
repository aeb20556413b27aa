import { leadToPayment } from '../../_server/invoice';

export const dynamic = 'force-dynamic';

/** Redirects an owner to the page where the open invoice is paid. */
export const GET = (request: Request): Promise<Response> => leadToPayment(request, null);
