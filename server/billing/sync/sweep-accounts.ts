import type { Row } from '@/db/rows';
import type { billingCustomer } from '@/db/schema/billing';
import type { Ctx } from '../../context';
import { refreshPrices } from '../catalogue/refresh-prices';
import { syncAccount } from './sync-account';

const BATCH_SIZE = 50;
const CONCURRENCY = 4;

/**
 * Reads every account with a customer from the provider, the longest unread first, so that each night ends with the
 * provider's data whatever was lost. Can be stopped and repeated at any time. Returns how many accounts were read and
 * how many could not be.
 */
export async function sweepAccounts(ctx: Ctx): Promise<{ read: number; failed: number }> {
  const sums = { read: 0, failed: 0 };
  if (!ctx.payments) return sums;
  /**
   * Accounts that were tried and are still not up to date. They are left out for the rest of this sweep, which would
   * not end otherwise.
   */
  const passed = new Set<string>();
  const [clock] = await ctx.sql<{ now: number }[]>`select hg_clock() as now`;
  const since = clock?.now ?? 0;
  for (;;) {
    const rows = await ctx.sql<Pick<Row<typeof billingCustomer>, 'account_id'>[]>`
      select account_id from billing_customer
      where stripe_customer_id is not null and (synced_at is null or synced_at < ${since})
        and account_id <> all(${[...passed]}::text[])
      order by synced_at nulls first limit ${BATCH_SIZE}`;
    if (rows.length === 0) return sums;
    for (let at = 0; at < rows.length; at += CONCURRENCY) {
      await Promise.all(
        rows.slice(at, at + CONCURRENCY).map(async ({ account_id: accountId }) => {
          try {
            const { kind } = await syncAccount(ctx, { accountId });
            if (kind !== 'applied') passed.add(accountId);
            sums.read += 1;
          } catch (error) {
            // A failure of one account must not keep the others from being read.
            passed.add(accountId);
            sums.failed += 1;
            ctx.log.error(
              { err: error, accountId },
              'an account could not be read from the payment provider',
            );
          }
        }),
      );
    }
  }
}

/**
 * The nightly job: today's prices, then every paying account. Does nothing without payments. Throws when something
 * could not be read, so that the job is repeated.
 */
export async function sweepBilling(ctx: Ctx): Promise<void> {
  if (!ctx.payments) return;
  await refreshPrices(ctx);
  const sums = await sweepAccounts(ctx);
  ctx.log.info(sums, 'billing swept');
  if (sums.failed > 0)
    throw new Error(`${sums.failed} accounts could not be read from the payment provider.`);
}
