import { fromUnix, toIso } from '../clock';
import type { Ctx } from '../context';
import { DomainError } from '../errors';
import type { BillingInvoice, Page } from '../shapes';
import { isGone } from './payments';

type Paging = { accountId: string; cursor?: string; limit?: number };

/** The invoices of an account, newest first, as the payment provider has them. Throws BILLING_UNAVAILABLE, RATE_LIMITED. */
export async function listInvoices(ctx: Ctx, input: Paging): Promise<Page<BillingInvoice>> {
  const customer = await readCustomer(ctx, input.accountId);
  if (!ctx.payments || !customer) return { items: [], nextCursor: null };
  await ctx.rates.takeBilling(input.accountId);
  const page = await ctx.payments
    .ask((stripe) =>
      stripe.invoices.list({ customer, limit: input.limit ?? 20, starting_after: input.cursor }),
    )
    .catch((error) => {
      if (isGone(error)) throw new DomainError('INVALID_INPUT', 'This page of invoices is not there.');
      throw error;
    });
  const items = page.data
    .filter((invoice) => invoice.status !== 'draft')
    .map((invoice) => ({
      id: invoice.id,
      number: invoice.number,
      createdAt: toIso(fromUnix(invoice.created)),
      total: invoice.total,
      currency: invoice.currency,
      status: invoice.status ?? 'open',
      url: `${ctx.env.APP_URL}/billing/invoices/${invoice.id}`,
    }));
  return { items, nextCursor: page.has_more ? (page.data.at(-1)?.id ?? null) : null };
}

/**
 * The provider's page of one invoice of this account, where it can be paid or printed; without an id the one that is
 * open now. Null when there is none, or when it is another account's. Throws
 * BILLING_UNAVAILABLE, RATE_LIMITED.
 */
export async function findInvoicePage(
  ctx: Ctx,
  accountId: string,
  invoiceId: string | null,
): Promise<string | null> {
  const [row] = await ctx.sql<{ latest: string | null }[]>`
    select latest_invoice_id as latest from subscription where account_id = ${accountId}`;
  const [id, customer] = [invoiceId ?? row?.latest, await readCustomer(ctx, accountId)];
  if (!ctx.payments || !id || !customer) return null;
  await ctx.rates.takeBilling(accountId);
  const invoice = await ctx.payments
    .ask((stripe) => stripe.invoices.retrieve(id))
    .catch((error) => {
      if (isGone(error)) return null;
      throw error;
    });
  return invoice?.customer === customer ? (invoice.hosted_invoice_url ?? null) : null;
}

/** The account's customer at the provider, or null before its first way to a plan. */
export async function readCustomer(ctx: Ctx, accountId: string): Promise<string | null> {
  const [row] = await ctx.sql<{ customer: string | null }[]>`
    select stripe_customer_id as customer from billing_customer where account_id = ${accountId}`;
  return row?.customer ?? null;
}
