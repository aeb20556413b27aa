import type { Row } from '@/db/rows';
import type { billingCustomer } from '@/db/schema/billing';
import { type Ctx, inTx } from '../context';
import { lockAccount } from '../quota/load-account';
import { makeCustomer } from './checkout/ensure-customer';
import { isGone, type Payments } from './payments';
import { expireOthers } from './sync/close-checkouts';

/**
 * Ends everything of an account at the payment provider: its open payment pages, then its customer, which cancels its
 * subscriptions at once. Later events about it are ignored. Idempotent. Throws BILLING_UNAVAILABLE.
 */
export async function endCustomer(ctx: Ctx, accountId: string): Promise<void> {
  const [row] = await ctx.sql<Pick<Row<typeof billingCustomer>, 'stripe_customer_id' | 'generation'>[]>`
    select stripe_customer_id, generation from billing_customer where account_id = ${accountId}`;
  if (!row) return;
  if (row.stripe_customer_id && !ctx.payments)
    throw new Error('This account has a customer, and payments are not set up.');
  if (ctx.payments) {
    // A customer whose creation was never confirmed is found by creating it again under its key.
    const customer =
      row.stripe_customer_id ?? (await makeCustomer(ctx, ctx.payments, accountId, row.generation));
    await removeCustomer(ctx.payments, { accountId, customer });
  }
  await inTx(ctx, async (tx) => {
    // Under the lock together with the customer, so that a concurrent read is not applied to an account without one.
    await lockAccount(tx, accountId);
    await tx.sql`delete from subscription where account_id = ${accountId}`;
    await tx.sql`delete from checkout where account_id = ${accountId}`;
    await tx.sql`delete from archived_customer where account_id = ${accountId}`;
    await tx.sql`delete from billing_customer where account_id = ${accountId}`;
  });
}

type Whose = { accountId: string; customer: string };

async function removeCustomer(payments: Payments, whose: Whose): Promise<void> {
  try {
    await expireOthers(payments, whose, null);
    await payments.make(`end:${whose.customer}`, (stripe, once) =>
      stripe.customers.del(whose.customer, {}, once),
    );
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
