import { writeAudit } from '../../audit';
import { type Instant, toIso, toIsoOrNull } from '../../clock';
import type { TxCtx } from '../../context';
import { queueMail } from '../../mail/queue-mail';
import type { AccountState } from '../../quota/account-state';
import { effectivePlan, keepsUntil } from '../../quota/effective-plan';
import type { Plan } from '../../shapes';
import { chargeAfterExpiry, nextChargeAt } from '../card-expiry';
import { isFailing } from './choose-subscription';
import type { CardFacts } from './read-stripe';
import { isLiving, type StoredSubscription } from './stored-subscription';

type Change = {
  before: AccountState;
  after: AccountState;
  stored: StoredSubscription | null;
  next: StoredSubscription | null;
  /** When the provider was last read before; null for the first read. */
  syncedAt: Instant | null;
  /** The ticket of this read, as a cause that no other read has. */
  ticket: number;
  card: CardFacts | null;
};

/**
 * Records what a read of the provider changed: in the audit log, and as one email per change. Requires the account
 * lock.
 */
export async function noteChange(tx: TxCtx, change: Change): Promise<void> {
  const { after, stored, next, ticket } = change;
  const { accountId } = after;
  const from = planBefore(change);
  const was = summaryOf(from, stored);
  const is = summaryOf(after.plan, next);
  if (JSON.stringify(was) !== JSON.stringify(is)) {
    await writeAudit(tx, {
      actor: 'stripe',
      action: 'billing.sync',
      accountId,
      before: was,
      after: is,
      reason: 'the payment provider says so',
    });
  }
  const ended = endedUnpaid(change);
  if (ended) {
    const planName = after.plans.find((plan) => plan.id === ended.planId)?.name ?? from.name;
    await queueMail(tx, {
      accountId,
      kind: 'subscription.ended',
      cause: `ended:${ended.stripeSubscriptionId}`,
      facts: {
        planName,
        to: after.plan.name,
        owed: ended.amountOpen > 0 ? { amount: ended.amountOpen, currency: ended.currency } : null,
      },
    });
  } else if (from.id !== after.plan.id) {
    await queueMail(tx, {
      accountId,
      kind: 'plan.changed',
      cause: `plan:${accountId}:${ticket}`,
      facts: { from: from.name, to: after.plan.name },
    });
  }
  await tellMoney(tx, change);
  await tellCard(tx, change);
}

/** Returns the unpaid subscription that has ended; its email covers the change of plan. */
function endedUnpaid({ stored, next }: Change): StoredSubscription | null {
  if (!stored || !next || stored.stripeSubscriptionId !== next.stripeSubscriptionId) return null;
  return isFailing(stored.status) && !isLiving(next) ? stored : null;
}

/** Returns the plan as of the last read: a plan that ended since, after 72 unpaid hours, counts as changed now. */
function planBefore({ before, stored, syncedAt }: Change): Plan {
  return effectivePlan(before.plans, before.ownPlanId, stored, syncedAt ?? before.now);
}

/** Queues emails about payments and cancellations, each cause once. */
async function tellMoney(tx: TxCtx, { after, stored, next, ticket }: Change): Promise<void> {
  const { accountId } = after;
  if (next?.status === 'past_due' && next.latestInvoiceId) {
    await queueMail(tx, {
      accountId,
      kind: 'payment.failed',
      // The first failure of an invoice; later ones have the same cause.
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
      facts: {
        planName: after.plan.name,
        endsAt: toIso(next.cancelAt),
        isRenewed: nextChargeAt(next) !== null,
      },
    });
  }
}

/** Queues one email about a card that expires before its next charge, in time to change it. */
async function tellCard(tx: TxCtx, { after, next, card }: Change): Promise<void> {
  const chargeAt = chargeAfterExpiry(card, next, after.now);
  if (!card || !next || chargeAt === null) return;
  await queueMail(tx, {
    accountId: after.accountId,
    kind: 'card.expiring',
    cause: `card:${after.accountId}:${card.last4}:${card.expires}`,
    facts: { last4: card.last4, expires: card.expires, chargeAt: toIso(chargeAt) },
  });
}

/** Returns what the audit log contains of an account's billing. */
const summaryOf = (plan: Plan, sub: StoredSubscription | null) => ({
  planId: plan.id,
  subscription: sub && {
    id: sub.stripeSubscriptionId,
    planId: sub.planId,
    status: sub.status,
    cancelAt: toIsoOrNull(sub.cancelAt),
    pendingPlanId: sub.pendingPlanId,
  },
});
