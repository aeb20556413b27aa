import type Stripe from 'stripe';
import { writeAudit } from '../audit';
import { fromUnix } from '../clock';
import { type Ctx, inTx } from '../context';
import { queueMail } from '../mail/queue-mail';
import { metrics } from '../metrics';
import { lockAccount } from '../quota/load-account';
import { isRefused, type Payments } from './payments';
import { refundInvoice } from './refund-invoice';
import type { SubscriptionFacts } from './sync/read-stripe';

type Whose = { accountId: string; customer: string };
type Leftover = { invoice: Stripe.Invoice; what: 'void' | 'refund' };

/**
 * Settles what our ended subscriptions leave behind: voids invoices that could still be paid, and refunds payments made
 * after the end. Idempotent. Throws BILLING_UNAVAILABLE.
 */
export async function settleEnded(
  ctx: Ctx,
  payments: Payments,
  { accountId, customer }: Whose,
  all: SubscriptionFacts[],
): Promise<void> {
  if (!all.some(isEndedOfOurs)) return;
  const page = await payments.ask((stripe) => stripe.invoices.list({ customer, limit: 100 }));
  for (const { invoice, what } of leftoversOf(page.data, all)) {
    if (what === 'void') await voidInvoice(ctx, payments, invoice.id);
    else await giveBack(ctx, payments, accountId, invoice);
  }
}

/** Settles one invoice for which nothing will be given, as read now. Throws BILLING_UNAVAILABLE. */
export async function settleInvoice(
  ctx: Ctx,
  payments: Payments,
  accountId: string,
  invoiceId: string,
): Promise<void> {
  const invoice = await payments.ask((stripe) => stripe.invoices.retrieve(invoiceId));
  if (isPayable(invoice)) await voidInvoice(ctx, payments, invoiceId);
  else if (invoice.status === 'paid') await giveBack(ctx, payments, accountId, invoice);
}

/** Returns the invoices of a customer to settle. Those of subscriptions that we did not make are left alone. Pure. */
function leftoversOf(invoices: Stripe.Invoice[], all: SubscriptionFacts[]): Leftover[] {
  const ends = new Map(all.filter(isEndedOfOurs).map((one) => [one.id, one.endedAt ?? 0]));
  return invoices.flatMap((invoice): Leftover[] => {
    const endedAt = ends.get(subscriptionOf(invoice) ?? '');
    if (endedAt === undefined) return [];
    if (isPayable(invoice)) return [{ invoice, what: 'void' }];
    const { paid_at } = invoice.status_transitions;
    if (invoice.status !== 'paid' || invoice.amount_paid === 0 || paid_at === null) return [];
    const paidAt = fromUnix(paid_at);
    // In the very second of the end, only a renewal came late: a first payment or an upgrade was used, however briefly.
    const cameLate =
      paidAt > endedAt || (paidAt === endedAt && invoice.billing_reason === 'subscription_cycle');
    return cameLate ? [{ invoice, what: 'refund' }] : [];
  });
}

/** Returns the id of an invoice's subscription, or null. */
export function subscriptionOf(invoice: Stripe.Invoice): string | null {
  const found = invoice.parent?.subscription_details?.subscription;
  return typeof found === 'string' ? found : (found?.id ?? null);
}

/** Returns whether the provider's page of an invoice accepts a payment. */
export const isPayable = ({ status }: Stripe.Invoice): boolean =>
  status === 'open' || status === 'uncollectible';

const isEndedOfOurs = (one: SubscriptionFacts): boolean => one.ended && one.checkoutId !== null;

async function voidInvoice(ctx: Ctx, payments: Payments, id: string): Promise<void> {
  await payments
    .make(`void:${id}`, (stripe, once) => stripe.invoices.voidInvoice(id, {}, once))
    .catch((error) => {
      // Paid or voided at the same moment: the next read settles the result.
      if (!isRefused(error)) throw error;
      ctx.log.warn({ err: error, invoice: id }, 'an invoice of an ended subscription could not be voided');
    });
}

/** Refunds a payment that gives nothing, with one alarm and one email. */
async function giveBack(
  ctx: Ctx,
  payments: Payments,
  accountId: string,
  invoice: Stripe.Invoice,
): Promise<void> {
  if (await wasGivenBack(ctx, accountId, invoice.id)) return;
  if (!(await refundInvoice(ctx, payments, invoice.id))) return;
  const { id: invoiceId, amount_paid: amount, currency } = invoice;
  await inTx(ctx, async (tx) => {
    await lockAccount(tx, accountId);
    if (await wasGivenBack(tx, accountId, invoiceId)) return;
    tx.afterCommit(() => {
      metrics.billingAlarms.inc({ kind: 'ended_subscription_paid' });
      tx.log.error({ accountId, invoice: invoiceId }, 'an ended subscription was paid for; it is refunded');
    });
    await writeAudit(tx, {
      actor: 'stripe',
      action: REFUND,
      accountId,
      before: null,
      after: { invoiceId, amount, currency },
      reason: 'paid for a subscription that had ended',
    });
    await queueMail(tx, {
      accountId,
      kind: 'payment.refunded',
      cause: `refund:${invoiceId}`,
      facts: { amount, currency },
    });
  });
}

const REFUND = 'billing.refund';

async function wasGivenBack(
  { sql }: Pick<Ctx, 'sql'> | Pick<Parameters<typeof lockAccount>[0], 'sql'>,
  accountId: string,
  invoiceId: string,
): Promise<boolean> {
  const rows = await sql`
    select 1 from audit where account_id = ${accountId} and action = ${REFUND}
      and after ->> 'invoiceId' = ${invoiceId} limit 1`;
  return rows.length > 0;
}
