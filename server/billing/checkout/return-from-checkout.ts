import type Stripe from 'stripe';
import type { Ctx } from '../../context';
import { DomainError, type Reason } from '../../errors';
import { readCustomer } from '../list-invoices';
import { isGone } from '../payments';
import { isLiving, readStored } from '../sync/stored-subscription';
import { syncAccount } from '../sync/sync-account';

/** Refusals after which the same request may succeed later. */
export const LATER = new Set<Reason>(['BILLING_UNAVAILABLE', 'RATE_LIMITED']);

export type Arrival = 'paid' | 'waiting' | 'open' | 'failed' | 'refused' | 'added' | 'adding';

/**
 * Returns the result of a payment page, read from the provider now; the URL of the return grants nothing. A pack is
 * `added`, or `adding` until it is. `waiting` while the provider does not answer, was asked too often or has not made
 * the subscription yet; `failed` for a page that expired or belongs to another account.
 */
export async function returnFromCheckout(
  ctx: Ctx,
  input: { accountId: string; sessionId: string },
): Promise<Arrival> {
  const { payments } = ctx;
  const customer = await readCustomer(ctx, input.accountId);
  if (!payments || !customer) return 'failed';
  try {
    await ctx.rates.takeBilling(input.accountId);
    const page = await payments.ask((stripe) => stripe.checkout.sessions.retrieve(input.sessionId));
    if (page.customer !== customer) return 'failed';
    if (page.status !== 'complete') return page.status === 'open' ? 'open' : 'failed';
    await syncAccount(ctx, { accountId: input.accountId });
    if (page.mode === 'payment') return (await hasPack(ctx, input.accountId, page)) ? 'added' : 'adding';
    const stored = await readStored(ctx.sql, input.accountId);
    const isUnderWay = stored?.status === 'incomplete' || stored?.status === 'processing';
    return isLiving(stored) && !isUnderWay ? 'paid' : 'waiting';
  } catch (error) {
    if (isGone(error)) return 'failed';
    if (error instanceof DomainError && LATER.has(error.reason)) return 'waiting';
    throw error;
  }
}

async function hasPack(ctx: Ctx, accountId: string, page: Stripe.Checkout.Session): Promise<boolean> {
  const intent = page.payment_intent;
  const paymentId = typeof intent === 'string' ? intent : intent?.id;
  const rows = await ctx.sql`
    select 1 from pack where account_id = ${accountId} and stripe_payment_id = ${paymentId ?? null}`;
  return rows.length > 0;
}
