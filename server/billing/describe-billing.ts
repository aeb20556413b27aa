import type { Row } from '@/db/rows';
import type { billingCustomer } from '@/db/schema/billing';
import { toIso, toIsoOrNull } from '../clock';
import { type Ctx, failClosed } from '../context';
import type { AccountState } from '../quota/account-state';
import { keepsUntil } from '../quota/effective-plan';
import { readAccount } from '../quota/load-account';
import { priceIn } from '../quota/plans';
import { type BillingSummary, type PaymentState, TRIAL_PLAN } from '../shapes';
import type { Member } from '../trpc';
import { chargeAfterExpiry, nextChargeAt } from './card-expiry';
import { confirmUrl } from './checkout/lead-to-bank';
import { ownPacks } from './packs/own-packs';
import type { CardFacts } from './sync/read-stripe';
import { isLiving, readStored, reduced, type StoredSubscription } from './sync/stored-subscription';
import { hadTrial } from './trial-mark';

export type Whose = { accountId: string; member: Member };

/**
 * Returns the billing of an account for display, from our own rows alone, so that it is available while the provider is
 * away.
 */
export async function describeBilling(ctx: Ctx, { accountId, member }: Whose): Promise<BillingSummary> {
  return failClosed(async () => {
    const [state, stored, card, used] = await Promise.all([
      readAccount(ctx.sql, accountId),
      readStored(ctx.sql, accountId),
      readCard(ctx, accountId),
      hadTrial(ctx, accountId),
    ]);
    return {
      ...describeSubscription(state, stored, card, ctx.env.APP_URL),
      packs: ownPacks(state),
      trial: { used, available: !used && mayTry(state, stored) },
      paymentsSetUp: ctx.payments !== null,
      testPayments: ctx.payments?.test ?? false,
      mayChange: member.kind === 'apiKey' ? member.scopes.includes('billing:write') : member.role === 'owner',
    };
  }, ctx.log);
}

type OfSubscription = Omit<
  BillingSummary,
  'packs' | 'trial' | 'paymentsSetUp' | 'testPayments' | 'mayChange'
>;

/** Returns what the stored subscription means for its account as of now. Pure. */
function describeSubscription(
  state: AccountState,
  stored: StoredSubscription | null,
  card: CardFacts | null,
  appUrl: string,
): OfSubscription {
  const own = nameOf(state, state.ownPlanId) ?? { id: state.ownPlanId, name: state.ownPlanId };
  const living = isLiving(stored) ? stored : null;
  return {
    plan: { id: state.plan.id, name: state.plan.name },
    ownPlan: own,
    status: stored?.status ?? null,
    paidPlan: living ? nameOf(state, living.planId) : null,
    periodStart: living && toIso(living.periodStart),
    periodEnd: living && toIso(living.periodEnd),
    nextCharge: living && nextCharge(state, living),
    scheduledChange: living && scheduledChange(state, living, own),
    pendingChange: living && pendingChange(state, living, appUrl),
    payment: {
      state: paymentState(living),
      due: living && living.amountOpen > 0 ? { amount: living.amountOpen, currency: living.currency } : null,
      nextAttemptAt: toIsoOrNull(living?.nextPaymentAttemptAt ?? null),
      keepsPlanUntil: living?.status === 'past_due' ? toIsoOrNull(keepsUntil(living)) : null,
      card,
      chargeAfterExpiry: toIsoOrNull(chargeAfterExpiry(card, living, state.now)),
    },
  };
}

function nameOf(state: AccountState, planId: string | null): { id: string; name: string } | null {
  const plan = state.plans.find((one) => one.id === planId);
  return plan ? { id: plan.id, name: plan.name } : null;
}

function nextCharge(state: AccountState, living: StoredSubscription): BillingSummary['nextCharge'] {
  const at = nextChargeAt(living);
  if (at === null) return null;
  const pending = living.pendingPlanId
    ? priceIn(state.prices.get(living.pendingPlanId), living.currency)
    : null;
  return {
    amount: reduced(pending?.amount ?? living.amount, living.discount, at),
    currency: living.currency,
    at: toIso(at),
  };
}

function scheduledChange(
  state: AccountState,
  living: StoredSubscription,
  own: { id: string; name: string },
): BillingSummary['scheduledChange'] {
  if (living.cancelAt !== null) {
    return { planId: own.id, name: own.name, at: toIso(living.cancelAt), kind: 'cancellation' };
  }
  const pending = nameOf(state, living.pendingPlanId);
  if (!pending || living.pendingAt === null) return null;
  return { planId: pending.id, name: pending.name, at: toIso(living.pendingAt), kind: 'downgrade' };
}

function pendingChange(
  state: AccountState,
  { pendingUpdate }: StoredSubscription,
  appUrl: string,
): BillingSummary['pendingChange'] {
  const plan = nameOf(state, pendingUpdate?.planId ?? null);
  if (!pendingUpdate?.invoiceId || !plan || pendingUpdate.expiresAt <= state.now) return null;
  const url = confirmUrl(appUrl, pendingUpdate.invoiceId);
  return { planId: plan.id, name: plan.name, url, expiresAt: toIso(pendingUpdate.expiresAt) };
}

function paymentState(living: StoredSubscription | null): PaymentState {
  switch (living?.status) {
    case undefined:
      return 'none';
    case 'past_due':
    case 'unpaid':
    case 'incomplete':
    case 'processing':
    case 'paused':
      return living?.status as PaymentState;
    default:
      return 'ok';
  }
}

/** A trial is offered to accounts with less than it gives. */
function mayTry(state: AccountState, stored: StoredSubscription | null): boolean {
  const trial = state.plans.find((plan) => plan.id === TRIAL_PLAN);
  return trial?.visible === true && trial.sort > state.plan.sort && !isLiving(stored);
}

async function readCard(ctx: Ctx, accountId: string): Promise<CardFacts | null> {
  const [row] = await ctx.sql<
    Pick<Row<typeof billingCustomer>, 'card_brand' | 'card_last4' | 'card_expires'>[]
  >`
    select card_brand, card_last4, card_expires
    from billing_customer where account_id = ${accountId}`;
  if (!row || row.card_brand === null || row.card_last4 === null || row.card_expires === null) return null;
  return { brand: row.card_brand, last4: row.card_last4, expires: row.card_expires };
}
