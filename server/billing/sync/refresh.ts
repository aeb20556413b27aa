import type { Ctx } from '../../context';
import type { BillingSummary } from '../../shapes';
import { describeBilling, type Whose } from '../describe-billing';
import { syncAccount } from './sync-account';

/**
 * Returns the billing of an account, read from the payment provider now. Throws BILLING_UNAVAILABLE, NOT_FOR_SALE,
 * RATE_LIMITED.
 */
export async function refreshBilling(ctx: Ctx, whose: Whose): Promise<BillingSummary> {
  await ctx.rates.takeBilling(whose.accountId);
  await syncAccount(ctx, { accountId: whose.accountId });
  return describeBilling(ctx, whose);
}
