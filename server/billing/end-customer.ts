import type { Ctx } from '../context';
import { isGone } from './payments';

/**
 * Ends everything an account has at the payment provider: its customer is deleted there, which cancels what it pays for
 * at once, and what arrives about it later concerns nobody here. Doing it twice does it once. Throws BILLING_UNAVAILABLE.
 */
export async function endCustomer(ctx: Ctx, accountId: string): Promise<void> {
  const [row] = await ctx.sql<{ customer: string | null }[]>`
    select stripe_customer_id as customer from billing_customer where account_id = ${accountId}`;
  const customer = row?.customer;
  if (!customer) return;
  if (!ctx.payments) throw new Error('This account has a customer, and payments are not set up.');
  await ctx.payments
    .make(`end:${customer}`, (stripe, once) => stripe.customers.del(customer, {}, once))
    .catch((error) => {
      if (!isGone(error)) throw error;
    });
  // The customer first: a read that was under way is not applied to an account that has none.
  await ctx.sql`
    update billing_customer set stripe_customer_id = null, card_brand = null, card_last4 = null, card_expires = null
    where account_id = ${accountId} and stripe_customer_id = ${customer}`;
  await ctx.sql`delete from subscription where account_id = ${accountId}`;
  await ctx.sql`delete from checkout where account_id = ${accountId}`;
}
