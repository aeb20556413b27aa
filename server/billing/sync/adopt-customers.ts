import type Stripe from 'stripe';
import type { Ctx } from '../../context';
import { needPayments } from '../payments';

const PAGE_SIZE = 100;

/**
 * Links customers that the database lost, as after a restore, to their accounts again. A customer of a deleted account
 * is ended by its removal, which is queued anew. Returns those whose account is unknown or has another customer, for an
 * operator. Throws NOT_FOR_SALE, BILLING_UNAVAILABLE.
 */
export async function adoptCustomers(ctx: Ctx): Promise<{ accountId: string; customer: string }[]> {
  const payments = needPayments(ctx.payments);
  const strange: { accountId: string; customer: string }[] = [];
  for (let after: string | undefined, more = true; more; ) {
    const page = await payments.ask((stripe) =>
      stripe.customers.list({ limit: PAGE_SIZE, ...(after ? { starting_after: after } : {}) }),
    );
    for (const { accountId, customer } of ours(ctx, page.data))
      if (!(await adopt(ctx, accountId, customer))) strange.push({ accountId, customer });
    after = page.data.at(-1)?.id;
    more = page.has_more && after !== undefined;
  }
  return strange;
}

/** Only our own key writes this mark, and every customer we make has it. */
const ours = (ctx: Ctx, customers: Stripe.Customer[]) =>
  customers
    .filter(({ metadata }) => metadata.environment === ctx.env.ENVIRONMENT_ID && metadata.account)
    .map(({ id, metadata }) => ({ accountId: metadata.account ?? '', customer: id }));

/** Returns whether the account has this customer now. */
async function adopt(ctx: Ctx, accountId: string, customer: string): Promise<boolean> {
  const [row] = await ctx.sql<{ kept: string; adopted: boolean }[]>`
    with before as (select stripe_customer_id as id from billing_customer where account_id = ${accountId}),
    adopted as (
      insert into billing_customer as c (account_id, stripe_customer_id)
      select id, ${customer} from account where id = ${accountId}
      on conflict (account_id) do update set stripe_customer_id = coalesce(c.stripe_customer_id, ${customer})
      returning stripe_customer_id as kept),
    again as (
      update account set removed_at = null
      where id = ${accountId} and deleted_at is not null and exists (select 1 from adopted where kept = ${customer}))
    select kept, kept is distinct from (select id from before) as adopted from adopted`;
  if (row?.adopted) ctx.log.warn({ accountId, customer }, 'a customer was given back to its account');
  return row?.kept === customer;
}
