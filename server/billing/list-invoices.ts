import type Stripe from 'stripe';
import type { Row } from '@/db/rows';
import type { billingCustomer } from '@/db/schema/billing';
import { fromUnix, toIso } from '../clock';
import type { Ctx } from '../context';
import { DomainError } from '../errors';
import type { BillingInvoice, Page } from '../shapes';
import { isGone, type Payments } from './payments';
import { isPayable, subscriptionOf } from './settle-ended';
import { isLiving, readStored, type StoredSubscription } from './sync/stored-subscription';

type Paging = { accountId: string; cursor?: string; limit?: number };

/**
 * Returns the invoices of an account as read from the payment provider, newest first. Throws BILLING_UNAVAILABLE,
 * RATE_LIMITED.
 */
export async function listInvoices(ctx: Ctx, input: Paging): Promise<Page<BillingInvoice>> {
  const customer = await readCustomer(ctx, input.accountId);
  if (!ctx.payments || !customer) return { items: [], nextCursor: null };
  await ctx.rates.takeBilling(input.accountId);
  const page = await ctx.payments
    .ask((stripe) =>
      stripe.invoices.list({ customer, limit: input.limit ?? 20, starting_after: input.cursor }),
    )
    .catch((error) => {
      if (isGone(error, 'customer')) return null;
      if (isGone(error)) throw new DomainError('INVALID_INPUT', 'This page of invoices is not there.');
      throw error;
    });
  if (!page) return { items: [], nextCursor: null };
  const living = livingId(await readStored(ctx.sql, input.accountId));
  const items = page.data
    .filter((invoice) => invoice.status !== 'draft')
    .map((invoice) => ({
      id: invoice.id,
      number: invoice.number,
      createdAt: toIso(fromUnix(invoice.created)),
      total: invoice.total,
      currency: invoice.currency,
      status: invoice.status ?? 'open',
      payable: invoice.status === 'open' && subscriptionOf(invoice) === living,
      url: `${ctx.env.APP_URL}/billing/invoices/${invoice.id}`,
    }));
  return { items, nextCursor: page.has_more ? (page.data.at(-1)?.id ?? null) : null };
}

/**
 * Returns the provider's page of one invoice of this account, for printing or payment; without an id, of the open one.
 * Null when there is none, when it belongs to another account, or when its subscription has ended, so that a payment
 * would give nothing. Throws BILLING_UNAVAILABLE, RATE_LIMITED.
 */
export async function findInvoicePage(
  ctx: Ctx,
  accountId: string,
  invoiceId: string | null,
): Promise<string | null> {
  const [stored, customer] = await Promise.all([
    readStored(ctx.sql, accountId),
    readCustomer(ctx, accountId),
  ]);
  const living = livingId(stored);
  if (!ctx.payments || !customer || (!invoiceId && !living)) return null;
  await ctx.rates.takeBilling(accountId);
  const invoice = invoiceId
    ? await findInvoice(ctx.payments, invoiceId)
    : await findOpen(ctx.payments, living ?? '');
  if (invoice?.customer !== customer) return null;
  if (isPayable(invoice) && subscriptionOf(invoice) !== living) return null;
  return invoice.hosted_invoice_url ?? null;
}

const livingId = (stored: StoredSubscription | null): string | null =>
  isLiving(stored) ? stored.stripeSubscriptionId : null;

const findInvoice = (payments: Payments, id: string): Promise<Stripe.Invoice | null> =>
  payments
    .ask((stripe) => stripe.invoices.retrieve(id))
    .catch((error) => {
      if (isGone(error)) return null;
      throw error;
    });

/** Returns the newest open invoice of a subscription. */
async function findOpen(payments: Payments, subscription: string): Promise<Stripe.Invoice | null> {
  const page = await payments.ask((stripe) =>
    stripe.invoices.list({ subscription, status: 'open', limit: 1 }),
  );
  return page.data[0] ?? null;
}

/** Returns the account's customer at the provider, or null before its first purchase. */
export async function readCustomer(ctx: Ctx, accountId: string): Promise<string | null> {
  const [row] = await ctx.sql<Pick<Row<typeof billingCustomer>, 'stripe_customer_id'>[]>`
    select stripe_customer_id from billing_customer where account_id = ${accountId}`;
  return row?.stripe_customer_id ?? null;
}
