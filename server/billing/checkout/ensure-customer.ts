import type { Row } from '@/db/rows';
import type { authUser } from '@/db/schema/auth';
import type { Ctx } from '../../context';
import { notFound } from '../../errors';
import { newId } from '../../ids';
import { isGone, type Payments } from '../payments';
import { isSameAccount, switchAccount } from '../sync/switch-account';

/**
 * Runs `work` with the account's one customer. If the customer, and with it its subscriptions, was deleted at the
 * provider, a new one is made and the work runs with it. Throws NOT_FOUND for a deleted account, BILLING_UNAVAILABLE
 * and what `work` throws.
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
 * Returns the customer's id and makes the customer when needed. Concurrent calls make one: the key is the account's,
 * and the request under it is always the same.
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
  // Stored before it has a name: the provider drops the key after a day, and then the customer could not be found
  // again.
  const [kept] = await ctx.sql<{ stripe_customer_id: string }[]>`
    update billing_customer set stripe_customer_id = coalesce(stripe_customer_id, ${made}), stripe_account = ${current}
    where account_id = ${accountId} returning stripe_customer_id`;
  // The account was deleted meanwhile, and its customer with it.
  if (!kept) throw notFound('account');
  const owner = await readOwner(ctx, accountId);
  // Name and address may change at any time, so they are no part of the keyed request.
  await payments.make(`customer-name:${kept.stripe_customer_id}:${newId()}`, (stripe, once) =>
    stripe.customers.update(kept.stripe_customer_id, owner, once),
  );
  return kept.stripe_customer_id;
}

/** Makes the customer of an account, or finds the one made before under the same key. Returns its id. */
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

/** Forgets a customer that the provider no longer knows, so that the next call makes a new one. */
async function forgetCustomer(ctx: Ctx, accountId: string, customer: string): Promise<void> {
  await ctx.sql`
    update billing_customer set stripe_customer_id = null, generation = generation + 1
    where account_id = ${accountId} and stripe_customer_id = ${customer}`;
  // A page of the old customer can never be paid.
  await ctx.sql`update checkout set is_current = false where account_id = ${accountId} and is_current`;
}

async function readOwner(ctx: Ctx, accountId: string): Promise<{ email: string; name: string }> {
  const [owner] = await ctx.sql<Pick<Row<typeof authUser>, 'email' | 'name'>[]>`
    select u.email, u.name from member m join auth_user u on u.id = m.user_id
    where m.account_id = ${accountId} and m.role = 'owner' order by m.created_at limit 1`;
  return owner ?? { email: '', name: '' };
}
