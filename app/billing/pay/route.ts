import { leadToPayment } from '../../_server/invoice';

export const dynamic = 'force-dynamic';

/** Leads an owner on to where the invoice that is open now is paid. */
export const GET = (request: Request): Promise<Response> => leadToPayment(request, null);
