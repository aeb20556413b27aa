import type { Ctx } from '../context';
import { DomainError } from '../errors';
import type { AccountState } from '../quota/account-state';
import { readAccount } from '../quota/load-account';
import type { Plan } from '../shapes';
import { needPayments, type Payments } from './payments';
import { isLiving, readStored, type StoredSubscription } from './sync/stored-subscription';
import { syncAccount } from './sync/sync-account';

export type Living = {
  payments: Payments;
  state: AccountState;
  stored: StoredSubscription;
  /** The paid plan; null while its price is unknown. */
  plan: Plan | null;
};

/**
 * Returns the living subscription of an account, read from the provider now, as the basis of a change. Throws
 * NOT_FOR_SALE without payments, INVALID_INPUT without a subscription, BILLING_UNAVAILABLE, RATE_LIMITED.
 */
export async function needLiving(ctx: Ctx, accountId: string): Promise<Living> {
  const payments = needPayments(ctx.payments);
  await ctx.rates.takeBilling(accountId);
  await syncAccount(ctx, { accountId });
  const [state, stored] = await Promise.all([
    readAccount(ctx.sql, accountId),
    readStored(ctx.sql, accountId),
  ]);
  if (!isLiving(stored)) {
    throw new DomainError('INVALID_INPUT', 'This account pays for no plan. Choose one under Plans.');
  }
  return { payments, state, stored, plan: state.plans.find((plan) => plan.id === stored.planId) ?? null };
}

/** Requires a subscription in good standing for a change of price. Throws PAYMENT_FAILED while an invoice is open. */
export function needGoodStanding({ stored }: Living): void {
  if (stored.status === 'active' || stored.status === 'trialing') return;
  if (stored.status === 'processing') {
    throw new DomainError(
      'PAYMENT_FAILED',
      'Your first payment is under way and has not arrived yet. The plan can be changed when it has. Nothing was changed.',
    );
  }
  throw new DomainError(
    'PAYMENT_FAILED',
    'A payment is open. Pay it first, then change the plan; or cancel the plan and choose another one. Nothing was changed.',
  );
}
