import type { Ctx } from '../../context';
import { DomainError } from '../../errors';
import { localPath } from '../../http/local-path';
import { directionOf } from '../../quota/direction';
import { readAccount } from '../../quota/load-account';
import type { Member } from '../../trpc';
import { needSellable } from '../catalogue/sellable';
import { findUnfinished } from '../find-unfinished';
import { readCustomer } from '../list-invoices';
import { needActive } from '../need-active';
import { needUnheld } from '../need-unheld';
import { needPayments, type Payments } from '../payments';
import { isLiving, readStored } from '../sync/stored-subscription';
import { switchAccount } from '../sync/switch-account';
import { syncAccount } from '../sync/sync-account';
import { withFreshState } from '../with-fresh-state';
import { needCheckoutPage } from './checkout-page';
import { withCustomer } from './ensure-customer';

type UpgradeInput = {
  accountId: string;
  member: Member;
  planId: string;
  /** The path to return to. */
  from?: string;
  currency?: string;
};

/**
 * Returns the page to buy a plan: the provider's payment page, or our confirmation page for an account that already
 * pays. Changes nothing; repeated calls return the same page. Throws NOT_FOR_SALE, INVALID_INPUT, PURCHASE_REFUSED,
 * ACCOUNT_BLOCKED, ACCOUNT_PENDING, BILLING_UNAVAILABLE, RATE_LIMITED.
 */
export async function openUpgrade(ctx: Ctx, input: UpgradeInput): Promise<{ url: string }> {
  const payments = needPayments(ctx.payments);
  await ctx.rates.takeBilling(input.accountId);
  await needSellable(ctx, input.planId, input.currency);
  await needUnheld(ctx.sql, input.accountId);
  return withFreshState(ctx, input.accountId, async () => {
    await readOrForget(ctx, payments, input.accountId);
    return withCustomer(ctx, payments, input.accountId, (customer) => leadOn(ctx, payments, input, customer));
  });
}

/**
 * Returns what the account pays for as of now. A customer that the provider does not know pays for nothing and is
 * forgotten.
 */
async function readOrForget(ctx: Ctx, payments: Payments, accountId: string): Promise<void> {
  const { kind } = await syncAccount(ctx, { accountId });
  if (kind !== 'unknown_customer') return;
  await switchAccount(ctx, accountId, await payments.account(), await readCustomer(ctx, accountId));
}

async function leadOn(
  ctx: Ctx,
  payments: Payments,
  input: UpgradeInput,
  customer: string,
): Promise<{ url: string }> {
  const { accountId, planId } = input;
  const confirm = { url: `${ctx.env.APP_URL}/billing/upgrade?plan=${encodeURIComponent(planId)}&confirm=1` };
  const stored = await readStored(ctx.sql, accountId);
  if (stored?.status === 'incomplete') {
    const url = await findUnfinished(ctx, payments, { accountId, customer });
    return url ? { url } : confirm;
  }
  if (isLiving(stored)) return confirm;
  const state = await readAccount(ctx.sql, accountId);
  needActive(state);
  const sold = await needSellable(ctx, planId, state.currency ?? input.currency);
  if (directionOf(state.plan, sold.plan) === 'down') {
    throw new DomainError(
      'INVALID_INPUT',
      `Your ${state.plan.name} plan gives as much as ${sold.plan.name} already.`,
      {
        fields: { planId: ['not a bigger plan'] },
      },
    );
  }
  const page = await needCheckoutPage(ctx, payments, {
    accountId,
    customer,
    sale: { kind: 'plan', id: planId, stripePriceId: sold.stripePriceId, price: sold.price },
    // Only local paths, so that a crafted link cannot redirect to another site.
    backTo: localPath(input.from) ?? '/plans',
  });
  return page ?? confirm;
}
