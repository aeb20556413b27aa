import { writeAudit } from '../audit';
import { toIso, toIsoOrNull } from '../clock';
import type { TxCtx } from '../context';
import { queueMail } from '../mail/queue-mail';
import type { AccountState } from '../quota/account-state';
import { keepsUntil } from '../quota/effective-plan';
import type { StoredSubscription } from './stored-subscription';

type Change = {
  before: AccountState;
  after: AccountState;
  stored: StoredSubscription | null;
  next: StoredSubscription | null;
  /** The ticket of the read that brought it: a cause that no other read has. */
  ticket: number;
};

/** Writes down what a read of the provider changed: in the audit, and as one letter a change. Under the account lock. */
export async function noteChange(tx: TxCtx, change: Change): Promise<void> {
  const { before, after, stored, next, ticket } = change;
  const { accountId } = after;
  const was = summaryOf(before, stored);
  const is = summaryOf(after, next);
  if (JSON.stringify(was) === JSON.stringify(is)) return;
  await writeAudit(tx, {
    actor: 'stripe',
    action: 'billing.sync',
    accountId,
    before: was,
    after: is,
    reason: 'the payment provider says so',
  });
  if (before.plan.id !== after.plan.id) {
    await queueMail(tx, {
      accountId,
      kind: 'plan.changed',
      cause: `plan:${accountId}:${ticket}`,
      facts: { from: before.plan.name, to: after.plan.name },
    });
  }
  if (next?.status === 'past_due' && next.latestInvoiceId) {
    await queueMail(tx, {
      accountId,
      kind: 'payment.failed',
      // The first failure of an invoice; its later ones are the same cause.
      cause: `payment:${next.latestInvoiceId}`,
      facts: {
        amount: next.amountOpen,
        currency: next.currency,
        nextAttemptAt: toIsoOrNull(next.nextPaymentAttemptAt),
        keepsPlanUntil: toIsoOrNull(keepsUntil(next)),
      },
    });
  }
  const cancels = next?.cancelAt && stored?.cancelAt !== next.cancelAt && next.status !== 'canceled';
  if (next?.cancelAt && cancels) {
    await queueMail(tx, {
      accountId,
      kind: 'subscription.cancelled',
      cause: `cancel:${next.stripeSubscriptionId}:${ticket}`,
      facts: { planName: after.plan.name, endsAt: toIso(next.cancelAt) },
    });
  }
}

/** What of an account's billing is worth an audit line. */
const summaryOf = (state: AccountState, sub: StoredSubscription | null) => ({
  planId: state.plan.id,
  subscription: sub && {
    id: sub.stripeSubscriptionId,
    planId: sub.planId,
    status: sub.status,
    cancelAt: toIsoOrNull(sub.cancelAt),
    pendingPlanId: sub.pendingPlanId,
  },
});
