import type { Ctx } from '../context';
import { newId } from '../ids';
import { localPath } from '../local-path';
import type { Whose } from './describe-billing';
import { withCustomer } from './ensure-customer';
import { needPayments } from './payments';

type PortalInput = Whose & {
  /** The path to come back to, by default the page about billing. */
  from?: string;
};

/**
 * The provider's own page where the card is changed, made for this one visit; it leads back by itself. Throws
 * BILLING_UNAVAILABLE, NOT_FOR_SALE, RATE_LIMITED.
 */
export async function openPortal(ctx: Ctx, { accountId, from }: PortalInput): Promise<{ url: string }> {
  const payments = needPayments(ctx.payments);
  await ctx.rates.takeBilling(accountId);
  const [setup] = await ctx.sql<{ value: { id: string } }[]>`
    select value from stripe_setup where name = 'portal'`;
  const return_url = `${ctx.env.APP_URL}${localPath(from) ?? '/billing?back=1'}`;
  const rest = {
    return_url,
    flow_data: {
      type: 'payment_method_update' as const,
      after_completion: { type: 'redirect' as const, redirect: { return_url } },
    },
    ...(setup ? { configuration: setup.value.id } : {}),
  };
  const page = await withCustomer(ctx, payments, accountId, (customer) =>
    payments.make(`portal:${accountId}:${newId()}`, (stripe, once) =>
      stripe.billingPortal.sessions.create({ customer, ...rest }, once),
    ),
  );
  return { url: page.url };
}
