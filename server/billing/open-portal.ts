import type { Ctx } from '../context';
import { newId } from '../ids';
import type { Whose } from './describe-billing';
import { withCustomer } from './ensure-customer';
import { needPayments } from './payments';

/**
 * The provider's own page for payment method, invoices and receipts, made for this one visit. Throws
 * BILLING_UNAVAILABLE, NOT_FOR_SALE, RATE_LIMITED.
 */
export async function openPortal(ctx: Ctx, { accountId }: Whose): Promise<{ url: string }> {
  const payments = needPayments(ctx.payments);
  await ctx.rates.takeBilling(accountId);
  const [setup] = await ctx.sql<{ value: { id: string } }[]>`
    select value from stripe_setup where name = 'portal'`;
  const rest = {
    return_url: `${ctx.env.APP_URL}/billing?back=1`,
    ...(setup ? { configuration: setup.value.id } : {}),
  };
  const page = await withCustomer(ctx, payments, accountId, (customer) =>
    payments.make(`portal:${accountId}:${newId()}`, (stripe, once) =>
      stripe.billingPortal.sessions.create({ customer, ...rest }, once),
    ),
  );
  return { url: page.url };
}
