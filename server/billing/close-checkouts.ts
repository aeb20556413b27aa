import Stripe from 'stripe';
import type { Ctx } from '../context';
import type { Payments } from './payments';

type Whose = { accountId: string; customer: string };

/** Ends every way to pay that is still open for an account which pays already: another payment would be a second one. */
export async function closeCheckouts(ctx: Ctx, payments: Payments, whose: Whose): Promise<void> {
  const closed = await ctx.sql`
    update checkout set is_current = false where account_id = ${whose.accountId} and is_current returning id`;
  if (closed.length > 0) await expireOthers(payments, whose, null);
}

/** Expires all open payment pages of ours for this customer but one. */
export async function expireOthers(payments: Payments, whose: Whose, keep: string | null): Promise<void> {
  const { customer } = whose;
  const open = await payments.ask((stripe) =>
    stripe.checkout.sessions.list({ customer, status: 'open', limit: 100 }),
  );
  const ours = open.data.filter((page) => page.id !== keep && page.metadata?.account === whose.accountId);
  for (const page of ours) await expirePage(payments, page.id);
}

/** Expires one payment page; one that was paid or has expired meanwhile is left as it is. */
export async function expirePage(payments: Payments, sessionId: string): Promise<void> {
  await payments
    .make(`expire:${sessionId}`, (stripe, once) => stripe.checkout.sessions.expire(sessionId, {}, once))
    .catch((error) => {
      if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error;
    });
}
