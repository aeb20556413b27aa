import type { Ctx } from '../context';
import { newId } from '../ids';
import type { Whose } from './describe-billing';
import { ensureCustomer } from './ensure-customer';
import { needPayments } from './payments';

/**
 * The provider's own page for payment method, invoices and receipts, made for this one visit. Throws
 * BILLING_UNAVAILABLE, NOT_FOR_SALE.
 */
export async function openPortal(ctx: Ctx, { accountId }: Whose): Promise<{ url: string }> {
  const payments = needPayments(ctx.payments);
  const customer = await ensureCustomer(ctx, payments, accountId);
  const [setup] = await ctx.sql<{ value: { id: string } }[]>`
    select value from stripe_setup where name = 'portal'`;
  const page = await payments.make(`portal:${accountId}:${newId()}`, (stripe, once) =>
    stripe.billingPortal.sessions.create(
      {
        customer,
        return_url: `${ctx.env.APP_URL}/billing?back=1`,
        ...(setup ? { configuration: setup.value.id } : {}),
      },
      once,
    ),
  );
  return { url: page.url };
}
