import type { Row } from '@/db/rows';
import type { billingCustomer } from '@/db/schema/billing';
import type { Ctx } from '../../context';
import { isSameAccount } from './switch-account';
import { syncAccount } from './sync-account';

const BATCH_SIZE = 200;

/** Reads the accounts whose customer belongs to another account of the provider. Throws BILLING_UNAVAILABLE. */
export async function sweepForeign(ctx: Ctx): Promise<void> {
  if (!ctx.payments) return;
  const current = await ctx.payments.account();
  const rows = await ctx.sql<Pick<Row<typeof billingCustomer>, 'account_id' | 'stripe_account'>[]>`
    select account_id, stripe_account from billing_customer
    where stripe_customer_id is not null and stripe_account <> ${current} order by account_id limit ${BATCH_SIZE}`;
  for (const { account_id: accountId, stripe_account: owner } of rows) {
    if (owner !== null && !isSameAccount(owner, current)) await syncAccount(ctx, { accountId });
  }
}
