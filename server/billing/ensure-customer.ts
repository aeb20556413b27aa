import type { Ctx } from '../context';
import type { Payments } from './payments';

/**
 * The account's one customer at the payment provider, made on first need. Any number of calls at once make one: the key
 * is the account's, and everything sent under it is always the same. Answers its id. Throws BILLING_UNAVAILABLE.
 */
export async function ensureCustomer(ctx: Ctx, payments: Payments, accountId: string): Promise<string> {
  const [row] = await ctx.sql<{ stripe_customer_id: string | null; generation: number }[]>`
    insert into billing_customer (account_id) values (${accountId})
    on conflict (account_id) do update set account_id = excluded.account_id
    returning stripe_customer_id, generation`;
  if (row?.stripe_customer_id) return row.stripe_customer_id;
  const environment = ctx.env.ENVIRONMENT_ID;
  const metadata = { account: accountId, environment };
  const made = await payments.make(
    `customer:${environment}:${accountId}:${row?.generation}`,
    (stripe, once) => stripe.customers.create({ metadata }, once),
  );
  const owner = await readOwner(ctx, accountId);
  // The address may change under a person's hands, so it is no part of what the key covers.
  await payments.make(`customer-name:${made.id}:${owner.email}`, (stripe, once) =>
    stripe.customers.update(made.id, owner, once),
  );
  const [kept] = await ctx.sql<{ stripe_customer_id: string }[]>`
    update billing_customer set stripe_customer_id = coalesce(stripe_customer_id, ${made.id})
    where account_id = ${accountId} returning stripe_customer_id`;
  return kept?.stripe_customer_id ?? made.id;
}

/** Forgets a customer that the provider no longer knows, so that the next need makes a new one. */
export async function forgetCustomer(ctx: Ctx, accountId: string, customer: string): Promise<void> {
  await ctx.sql`
    update billing_customer set stripe_customer_id = null, generation = generation + 1
    where account_id = ${accountId} and stripe_customer_id = ${customer}`;
  // A page that was made for the old one can never be paid.
  await ctx.sql`update checkout set is_current = false where account_id = ${accountId} and is_current`;
}

async function readOwner(ctx: Ctx, accountId: string): Promise<{ email: string; name: string }> {
  const [owner] = await ctx.sql<{ email: string; name: string }[]>`
    select u.email, u.name from member m join auth_user u on u.id = m.user_id
    where m.account_id = ${accountId} and m.role = 'owner' order by m.created_at limit 1`;
  return owner ?? { email: '', name: '' };
}
