import type { Row } from '@/db/rows';
import type { stripeSetup } from '@/db/schema/billing';
import type { Ctx } from '../../context';
import { localPath } from '../../http/local-path';
import { newId } from '../../ids';
import type { Whose } from '../describe-billing';
import { isRefused, needPayments } from '../payments';
import { withFreshState } from '../with-fresh-state';
import { withCustomer } from './ensure-customer';

type PortalInput = Whose & {
  /** The path to return to, by default the billing page. */
  from?: string;
  /** Which page: the card, or name, address and tax id on invoices. The card without. */
  about?: 'card' | 'details';
};

/**
 * Returns the provider's page to change the card or the billing details, valid for one visit; the page redirects back. Throws
 * BILLING_UNAVAILABLE, NOT_FOR_SALE, RATE_LIMITED.
 */
export async function openPortal(
  ctx: Ctx,
  { accountId, from, about }: PortalInput,
): Promise<{ url: string }> {
  const payments = needPayments(ctx.payments);
  await ctx.rates.takeBilling(accountId);
  const [setup] = await ctx.sql<Pick<Row<typeof stripeSetup>, 'value'>[]>`
    select value from stripe_setup where name = 'portal'`;
  const return_url = `${ctx.env.APP_URL}${localPath(from) ?? '/billing?back=1'}`;
  const flow_data = {
    type: about === 'details' ? ('customer_update' as const) : ('payment_method_update' as const),
    after_completion: { type: 'redirect' as const, redirect: { return_url } },
  };
  const open = (configuration?: string) =>
    withCustomer(ctx, payments, accountId, (customer) =>
      payments.make(`portal:${accountId}:${newId()}`, (stripe, once) =>
        stripe.billingPortal.sessions.create(
          { customer, return_url, flow_data, ...(configuration ? { configuration } : {}) },
          once,
        ),
      ),
    );
  return withFreshState(ctx, accountId, async () => {
    const page = await open(setup?.value.id).catch((error) => {
      // The configuration is disabled at the provider, or of another mode: the provider's default also changes a card.
      if (!setup || !isRefused(error)) throw error;
      ctx.log.error({ err: error }, 'the portal configuration is gone; make it again with sync-catalogue');
      return open();
    });
    return { url: page.url };
  });
}
