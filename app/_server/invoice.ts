import { findInvoicePage } from '@/server/billing/list-invoices';
import { DomainError } from '@/server/errors';
import { actorOf } from './actor';
import { webContext } from './context';

/**
 * Redirects the signed-in user to an invoice at the payment provider. The provider's links never appear in pages,
 * emails or logs; the target is looked up for each click and not cached.
 */
export async function leadToInvoice(request: Request, invoiceId: string | null): Promise<Response> {
  const { ctx, env } = webContext();
  const to = (path: string) => leadTo(`${env.APP_URL}${path}`);
  const actor = await actorOf(request.headers);
  const { pathname } = new URL(request.url);
  if (actor?.kind !== 'user') return to(`/sign-in?next=${encodeURIComponent(pathname)}`);
  try {
    const page = await findInvoicePage(ctx, actor.accountId, invoiceId);
    return page ? leadTo(page) : to('/billing?invoice=none');
  } catch (error) {
    if (error instanceof DomainError) return to('/billing?invoice=later');
    throw error;
  }
}

const leadTo = (location: string): Response =>
  new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } });
