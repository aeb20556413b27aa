import { leadToBank } from '@/server/billing/checkout/lead-to-bank';
import { findInvoicePage } from '@/server/billing/list-invoices';
import type { Ctx } from '@/server/context';
import { DomainError } from '@/server/errors';
import { actorOf } from './actor';
import { webContext } from './context';

/** Redirects the signed-in user to one invoice at the payment provider, to print or to pay it. */
export const leadToInvoice = (request: Request, invoiceId: string): Promise<Response> =>
  lead(request, (ctx, accountId) => findInvoicePage(ctx, accountId, invoiceId));

/**
 * Redirects the signed-in user to the page where an invoice is paid: the bank's or the provider's. Null means the open
 * invoice.
 */
export const leadToPayment = (request: Request, invoiceId: string | null): Promise<Response> =>
  lead(request, (ctx, accountId) => leadToBank(ctx, { accountId, invoiceId }));

/**
 * Redirects to the link that `find` returns, or to sign-in. The provider's links never appear in pages, emails or logs,
 * so the target is looked up for each click and not cached.
 */
async function lead(
  request: Request,
  find: (ctx: Ctx, accountId: string) => Promise<string | null>,
): Promise<Response> {
  const { ctx, env } = webContext();
  const to = (path: string) => leadTo(`${env.APP_URL}${path}`);
  const actor = await actorOf(request.headers);
  const { pathname, search } = new URL(request.url);
  if (actor?.kind !== 'user') return to(`/sign-in?next=${encodeURIComponent(`${pathname}${search}`)}`);
  try {
    const page = await find(ctx, actor.accountId);
    return page ? leadTo(page) : to('/billing?invoice=none');
  } catch (error) {
    if (error instanceof DomainError) return to('/billing?invoice=later');
    throw error;
  }
}

const leadTo = (location: string): Response =>
  new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } });
