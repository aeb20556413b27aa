import type Stripe from 'stripe';
import type { Ctx } from '../../context';
import { DomainError } from '../../errors';
import { newId } from '../../ids';
import { readCustomer } from '../list-invoices';
import { isGone, isRefused, needPayments, type Payments } from '../payments';
import { asksBank } from '../refused-card';
import { isPayable, subscriptionOf } from '../settle-ended';
import { isLiving, readStored } from '../sync/stored-subscription';

type Asked = { accountId: string /** Null for the open one. */; invoiceId: string | null };

/** Returns the URL of our page that confirms the payment of an invoice and redirects to the bank's. */
export const confirmUrl = (appUrl: string, invoiceId: string): string =>
  `${appUrl}/billing/confirm?invoice=${encodeURIComponent(invoiceId)}`;

/**
 * Returns where an invoice of this account is paid: the bank's own page, which redirects back, when only a confirmation
 * is missing; else the provider's page of the invoice. Null when there is nothing to pay. Throws BILLING_UNAVAILABLE,
 * NOT_FOR_SALE, RATE_LIMITED.
 */
export async function leadToBank(ctx: Ctx, { accountId, invoiceId }: Asked): Promise<string | null> {
  const payments = needPayments(ctx.payments);
  const [stored, customer] = await Promise.all([
    readStored(ctx.sql, accountId),
    readCustomer(ctx, accountId),
  ]);
  const living = isLiving(stored) ? stored.stripeSubscriptionId : null;
  if (!customer || !living) return null;
  await ctx.rates.takeBilling(accountId);
  const invoice = invoiceId ? await findInvoice(payments, invoiceId) : await findOpen(payments, living);
  if (!invoice || invoice.customer !== customer) return null;
  if (!isPayable(invoice) || subscriptionOf(invoice) !== living) return null;
  return (await askBank(ctx, payments, invoice)) ?? invoice.hosted_invoice_url ?? null;
}

const EXPAND = ['payments'];

const findInvoice = (payments: Payments, id: string): Promise<Stripe.Invoice | null> =>
  payments
    .ask((stripe) => stripe.invoices.retrieve(id, { expand: EXPAND }))
    .catch((error) => {
      if (isGone(error)) return null;
      throw error;
    });

async function findOpen(payments: Payments, subscription: string): Promise<Stripe.Invoice | null> {
  const { data } = await payments.ask((stripe) =>
    stripe.invoices.list({ subscription, status: 'open', limit: 1, expand: ['data.payments'] }),
  );
  return data[0] ?? null;
}

/** Returns the id of the payment that an invoice waits for, or null. */
export function intentOf(invoice: Stripe.Invoice): string | null {
  const open = invoice.payments?.data.find(({ status }) => status === 'open');
  const intent = open?.payment.payment_intent ?? null;
  return typeof intent === 'string' ? intent : (intent?.id ?? null);
}

/**
 * Tries the payment with its owner present. Returns null when the bank needs no confirmation or has no page of its own.
 */
async function askBank(ctx: Ctx, payments: Payments, invoice: Stripe.Invoice): Promise<string | null> {
  const id = intentOf(invoice);
  if (!id) return null;
  const intent = await payments.ask((stripe) => stripe.paymentIntents.retrieve(id));
  if (!waitsForOwner(intent)) return null;
  const failed = intent.last_payment_error?.payment_method?.id;
  const return_url = `${ctx.env.APP_URL}/billing/confirmed?invoice=${encodeURIComponent(invoice.id)}`;
  try {
    const asked = await payments.make(`confirm:${id}:${newId()}`, (stripe, once) =>
      stripe.paymentIntents.confirm(
        id,
        { return_url, ...(intent.payment_method || !failed ? {} : { payment_method: failed }) },
        once,
      ),
    );
    return asked.status === 'succeeded' ? return_url : (asked.next_action?.redirect_to_url?.url ?? null);
  } catch (error) {
    if (!isRefused(error) && !(error instanceof DomainError && error.reason === 'PAYMENT_FAILED'))
      throw error;
    ctx.log.warn(
      { err: error, invoice: invoice.id },
      'a payment could not be confirmed; its invoice is shown',
    );
    return null;
  }
}

/** Returns whether the payment failed or waits only for a confirmation by the bank's customer. */
function waitsForOwner({ status, last_payment_error: error }: Stripe.PaymentIntent): boolean {
  if (status === 'requires_action' || status === 'requires_confirmation') return true;
  return status === 'requires_payment_method' && error !== null && asksBank(error);
}
