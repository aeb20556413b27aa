import type { Row } from '@/db/rows';
import type { account } from '@/db/schema/account';
import type { Ctx } from '../../context';
import { notFound } from '../../errors';
import { needPayments } from '../payments';
import { adoptCustomers } from './adopt-customers';
import { syncAccount } from './sync-account';

export type Synced = {
  accountId: string;
  outcome: string;
  planBefore: string | null;
  planAfter: string | null;
};

/**
 * Reads one account, or every account with a customer, from the payment provider now; before all of them, links
 * customers that the database lost. Returns the accounts read and what changed, and as `unknown_account` or
 * `second_customer` what an operator has to handle at the provider. Throws NOT_FOUND, NOT_FOR_SALE,
 * BILLING_UNAVAILABLE.
 */
export async function syncStripe(ctx: Ctx, accountId: string | undefined): Promise<Synced[]> {
  needPayments(ctx.payments);
  const strange = accountId ? [] : await adoptCustomers(ctx);
  const rows = await ctx.sql<Pick<Row<typeof account>, 'id'>[]>`
    select a.id from account a left join billing_customer c on c.account_id = a.id
    where ${accountId ? ctx.sql`a.id = ${accountId}` : ctx.sql`c.stripe_customer_id is not null`} order by a.id`;
  if (accountId && rows.length === 0) throw notFound('account');
  const known = new Set(rows.map(({ id }) => id));
  const synced: Synced[] = strange.map(({ accountId: id, customer }) => ({
    accountId: id,
    outcome: `${known.has(id) ? 'second_customer' : 'unknown_account'} ${customer}`,
    planBefore: null,
    planAfter: null,
  }));
  for (const { id } of rows) {
    const outcome = await syncAccount(ctx, { accountId: id });
    const changed = outcome.kind === 'applied';
    synced.push({
      accountId: id,
      outcome: outcome.kind,
      planBefore: changed ? outcome.planBefore : null,
      planAfter: changed ? outcome.planAfter : null,
    });
  }
  return synced;
}
