import type { Ctx } from '../../context';
import { notFound } from '../../errors';
import { newId } from '../../ids';
import { isGone, type Payments } from '../payments';
import { isSameAccount, switchAccount } from '../sync/switch-account';

/**
 * Does something with the account's one customer. One that somebody deleted at the provider, and with it what it paid
 * for, is made anew, and the work is done with that one. Throws NOT_FOUND for an account that was deleted,
 * BILLING_UNAVAILABLE and what `work` throws.
 */
export async function withCustomer<T>(
  ctx: Ctx,
  payments: Payments,
  accountId: string,
  work: (customer: string) => Promise<T>,
): Promise<T> {
  const customer = await ensureCustomer(ctx, payments, accountId);
  try {
    return await work(customer);
  } catch (error) {
    if (!isGone(error, 'customer')) throw error;
    await forgetCustomer(ctx, accountId, customer);
    return work(await ensureCustomer(ctx, payments, accountId));
  }
}

type CustomerRow = { stripe_customer_id: string | null; generation: number; stripe_account: string | null };

/**
 * The customer's id, made on first need. Any number of calls at once make one: the key is the account's, and everything
 * sent under it is always the same.
 */
async function ensureCustomer(ctx: Ctx, payments: Payments, accountId: string): Promise<string> {
  const find = () => ctx.sql<CustomerRow[]>`
    insert into billing_customer (account_id)
    select id from account where id = ${accountId} and deleted_at is null
    on conflict (account_id) do update set account_id = excluded.account_id
    returning stripe_customer_id, generation, stripe_account`;
  let [row] = await find();
  const current = await payments.account();
  if (row?.stripe_account && !isSameAccount(row.stripe_account, current)) {
    await switchAccount(ctx, accountId, current);
    [row] = await find();
  }
  if (!row) throw notFound('account');
  if (row.stripe_customer_id) return row.stripe_customer_id;
  const made = await makeCustomer(ctx, payments, accountId, row.generation);
  // Kept before it has a name: the provider forgets the key after a day, and then nobody would find it again.
  const [kept] = await ctx.sql<{ stripe_customer_id: string }[]>`
    update billing_customer set stripe_customer_id = coalesce(stripe_customer_id, ${made}), stripe_account = ${current}
    where account_id = ${accountId} returning stripe_customer_id`;
  // The account was deleted meanwhile, and its customer with it.
  if (!kept) throw notFound('account');
  const owner = await readOwner(ctx, accountId);
  // Name and address may change under a person's hands, so they are no part of what the key covers.
  await payments.make(`customer-name:${kept.stripe_customer_id}:${newId()}`, (stripe, once) =>
    stripe.customers.update(kept.stripe_customer_id, owner, once),
  );
  return kept.stripe_customer_id;
}

/** Makes the customer of an account, or finds the one that was made before under the same key; returns its id. */
export async function makeCustomer(
  ctx: Ctx,
  payments: Payments,
  accountId: string,
  generation: number,
): Promise<string> {
  const environment = ctx.env.ENVIRONMENT_ID;
  const metadata = { account: accountId, environment };
  const made = await payments.make(`customer:${environment}:${accountId}:${generation}`, (stripe, once) =>
    stripe.customers.create({ metadata }, once),
  );
  return made.id;
}

/** Forgets a customer that the provider no longer knows, so that the next need makes a new one. */
async function forgetCustomer(ctx: Ctx, accountId: string, customer: string): Promise<void> {
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
