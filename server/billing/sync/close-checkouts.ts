import Stripe from 'stripe';
import type { Row } from '@/db/rows';
import type { checkout } from '@/db/schema/billing';
import type { Ctx } from '../../context';
import type { Payments } from '../payments';

type Whose = { accountId: string; customer: string };

/**
 * Ends every open way to buy a plan for an account that already pays, because another payment would be a second one. A
 * way is forgotten only once it has ended, so that the next read retries when the provider is away now.
 */
export async function closeCheckouts(ctx: Ctx, payments: Payments, whose: Whose): Promise<void> {
  const ways = await ctx.sql<Pick<Row<typeof checkout>, 'id'>[]>`
    update checkout set is_current = false where account_id = ${whose.accountId} and plan_id is not null returning id`;
  if (ways.length === 0) return;
  await expireOthers(payments, whose, null, (page) => page.mode === 'subscription');
  await ctx.sql`delete from checkout where id = any(${ways.map((way) => way.id)})`;
}

/** Expires all our open payment pages of this customer except one, or only those in question. */
export async function expireOthers(
  payments: Payments,
  whose: Whose,
  keep: string | null,
  isMeant: (page: Stripe.Checkout.Session) => boolean = () => true,
): Promise<void> {
  const { customer } = whose;
  const open = await payments.ask((stripe) =>
    stripe.checkout.sessions.list({ customer, status: 'open', limit: 100 }),
  );
  const ours = open.data.filter(
    (page) => page.id !== keep && page.metadata?.account === whose.accountId && isMeant(page),
  );
  for (const page of ours) await expirePage(payments, page.id);
}

/** Expires one payment page; one that was paid or has expired meanwhile stays as it is. */
export async function expirePage(payments: Payments, sessionId: string): Promise<void> {
  await payments
    .make(`expire:${sessionId}`, (stripe, once) => stripe.checkout.sessions.expire(sessionId, {}, once))
    .catch((error) => {
      if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error;
    });
}
