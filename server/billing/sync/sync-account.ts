import type { Ctx } from '../../context';
import { DomainError } from '../../errors';
import { metrics } from '../../metrics';
import { isGone, needPayments } from '../payments';
import { keepUpgraded } from '../pending-update';
import { settleCard } from '../settle-card';
import { settleEnded } from '../settle-ended';
import { applySubscription, type Outcome } from './apply-subscription';
import { closeCheckouts } from './close-checkouts';
import { endSurplus } from './end-surplus';
import { readDeleted, readStripe } from './read-stripe';
import { isSameAccount, switchAccount } from './switch-account';

export type SyncInput = {
  accountId: string;
  /** The event that reported a change; marked as processed together with its effects. */
  eventId?: string;
};

/**
 * Updates our row of an account's subscription from the payment provider. The provider is read without a lock: a ticket
 * drawn before the read decides whether it may still be applied, so an old read never wins and a slow provider never
 * delays a start or a renewal. Calls in any number and order end in the same state. Returns the outcome. Throws
 * BILLING_UNAVAILABLE, and then nothing was changed.
 */
export async function syncAccount(ctx: Ctx, input: SyncInput): Promise<Outcome> {
  const { accountId } = input;
  const payments = needPayments(ctx.payments);
  // PostgreSQL is asked first: while both are away, the answer is that quota cannot be decided.
  const first = await drawTicket(ctx, accountId);
  if (!first?.customer) return { kind: 'no_customer' };
  const stripeAccount = await payments.account();
  const drawn = await drawFor(ctx, accountId, stripeAccount, first);
  if (!drawn?.customer) return { kind: 'no_customer' };
  const { customer, ticket } = drawn;
  const facts = await readStripe(payments, customer).catch((error) => {
    if (isGone(error, 'customer')) return readDeleted(payments, customer, drawn.subscription);
    throw error;
  });
  if (!facts) {
    metrics.billingAlarms.inc({ kind: 'unknown_customer' });
    ctx.log.error({ accountId, customer }, 'the payment provider does not know this customer');
    return { kind: 'unknown_customer' };
  }
  const outcome = await applySubscription(ctx, { ...input, customer, ticket, facts, stripeAccount });
  metrics.billingSyncs.inc({ outcome: outcome.kind });
  if (outcome.kind !== 'applied') return outcome;
  if (outcome.living.length > 0) {
    // While its first payment is unfinished, an open page may be the one on which the user is paying.
    const isPaying = outcome.living.some((one) => one.status !== 'incomplete');
    if (isPaying) await closeCheckouts(ctx, payments, { accountId, customer });
    const isMended =
      (await endSurplus(ctx, payments, outcome.living)) ||
      (outcome.confirmed !== null && (await keepUpgraded(ctx, payments, outcome.confirmed))) ||
      (await settleCard(ctx, payments, customer, facts.subscriptions));
    if (isMended) {
      const again = await syncAccount(ctx, { accountId });
      return again.kind === 'applied' ? { ...again, planBefore: outcome.planBefore } : again;
    }
  }
  await settleEnded(ctx, payments, { accountId, customer }, facts.subscriptions);
  return outcome;
}

type Drawn = {
  ticket: number;
  customer: string | null;
  stripe_account: string | null;
  subscription: string | null;
};

/** Draws a ticket for a read of the account's customer. Returns undefined for an account that never had one. */
async function drawTicket(ctx: Ctx, accountId: string): Promise<Drawn | undefined> {
  const [drawn] = await ctx.sql<Drawn[]>`
    update billing_customer set ticket_drawn = ticket_drawn + 1 where account_id = ${accountId}
    returning ticket_drawn as ticket, stripe_customer_id as customer, stripe_account,
      (select stripe_subscription_id from subscription s where s.account_id = ${accountId}) as subscription`;
  return drawn;
}

/** Returns the ticket, or a new one after a customer of another account of the provider was put aside. */
async function drawFor(
  ctx: Ctx,
  accountId: string,
  current: string,
  drawn: Drawn,
): Promise<Drawn | undefined> {
  if (!drawn.stripe_account || isSameAccount(drawn.stripe_account, current)) return drawn;
  await switchAccount(ctx, accountId, current);
  return drawTicket(ctx, accountId);
}

/**
 * Reads an account after a change that the provider has made. If the provider is away now, the change stands: its
 * webhook or the next read brings it here, and no caller is told that nothing was changed.
 */
export async function followChange(ctx: Ctx, accountId: string): Promise<void> {
  try {
    await syncAccount(ctx, { accountId });
  } catch (error) {
    if (!(error instanceof DomainError && error.reason === 'BILLING_UNAVAILABLE')) throw error;
    ctx.log.warn({ err: error, accountId }, 'a change was made and could not be read yet');
  }
}
