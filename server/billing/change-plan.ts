import { toUnix } from '../clock';
import { type Ctx, inTx } from '../context';
import { DomainError } from '../errors';
import { newId } from '../ids';
import { metrics } from '../metrics';
import { applyPlan } from '../quota/apply-plan';
import { directionOf } from '../quota/direction';
import { readAccount } from '../quota/load-account';
import { isOnce } from '../quota/plans';
import type { BillingSummary } from '../shapes';
import { auditChange } from './audit-change';
import { cancelSubscription } from './cancel';
import { needSellable, type SellablePlan } from './catalogue/sellable';
import { describeBilling, type Whose } from './describe-billing';
import { scheduleDowngrade } from './downgrade';
import { needActive } from './need-active';
import { type Living, needGoodStanding, needLiving } from './need-living';
import { needUnheld } from './need-unheld';
import type { Payments } from './payments';
import { actionRequired, dropPendingUpdate } from './pending-update';
import { isFresh } from './preview-change';
import { findKeep, releaseSchedule, resumeSubscription } from './resume';
import { isLiving, readStored } from './sync/stored-subscription';
import { followChange } from './sync/sync-account';
import { withFreshState } from './with-fresh-state';

type ChangeInput = Whose & { planId: string; prorationDate?: number };
type Change = { from: string; to: string; prorationDate: number };

/**
 * Changes the plan of a paying account: up at once, charged as previewed; down at the end of the period. An account on
 * the trial returns to `free` at once. Returns the billing afterwards. Throws NOT_FOR_SALE, INVALID_INPUT,
 * PAYMENT_FAILED, PAYMENT_ACTION_REQUIRED, PURCHASE_REFUSED, ACCOUNT_BLOCKED, ACCOUNT_PENDING and BILLING_UNAVAILABLE,
 * and then nothing was changed.
 */
export async function changePlan(ctx: Ctx, input: ChangeInput): Promise<BillingSummary> {
  const { accountId } = input;
  if (await leavesTrial(ctx, input)) return describeBilling(ctx, input);
  return withFreshState(ctx, accountId, () => changeLiving(ctx, input));
}

async function changeLiving(ctx: Ctx, input: ChangeInput): Promise<BillingSummary> {
  const { accountId, planId } = input;
  const living = await needLiving(ctx, accountId);
  const { state, stored, plan } = living;
  if (planId === stored.planId) {
    const isScheduled = stored.cancelAt !== null || stored.pendingPlanId !== null || stored.pendingUpdate;
    return isScheduled ? resumeSubscription(ctx, input) : describeBilling(ctx, input);
  }
  if (planId === state.ownPlanId) return cancelSubscription(ctx, input);
  const sold = await needSellable(ctx, planId, stored.currency);
  needGoodStanding(living);
  await settlePending(ctx, living, planId);
  if (directionOf(plan, sold.plan) === 'down') await scheduleDowngrade(living, sold);
  else {
    needActive(state);
    await needUnheld(ctx.sql, accountId);
    await upgrade(ctx, input, living, sold);
  }
  await auditChange(ctx, input, 'billing.changePlan', { planId: stored.planId }, { planId });
  await followChange(ctx, accountId);
  return describeBilling(ctx, input);
}

/** The same change, if it already waits for the bank, throws its link again; another one is replaced. */
async function settlePending(ctx: Ctx, { payments, stored }: Living, planId: string): Promise<void> {
  const { pendingUpdate } = stored;
  if (!pendingUpdate) return;
  if (pendingUpdate.planId === planId && pendingUpdate.invoiceId) {
    throw actionRequired(ctx.env.APP_URL, pendingUpdate.invoiceId);
  }
  await dropPendingUpdate(ctx, payments, stored);
}

/**
 * Returns true when the account was on a trial of its own and now has `free`: nothing was paid, so nothing has to wait.
 */
async function leavesTrial(ctx: Ctx, input: ChangeInput): Promise<boolean> {
  const state = await readAccount(ctx.sql, input.accountId);
  const own = state.plans.find((plan) => plan.id === state.ownPlanId);
  if (input.planId !== 'free' || !own || !isOnce(own)) return false;
  if (isLiving(await readStored(ctx.sql, input.accountId))) return false;
  await inTx(ctx, (tx) => applyPlan(tx, input.accountId, 'free'));
  await auditChange(ctx, input, 'billing.changePlan', { planId: own.id }, { planId: 'free' });
  return true;
}

/** Charges the difference and changes the price in one call, or does neither. */
async function upgrade(ctx: Ctx, input: ChangeInput, living: Living, sold: SellablePlan): Promise<void> {
  const prorationDate = input.prorationDate ?? toUnix(ctx.clock.now());
  if (!isFresh(prorationDate, ctx.clock.now(), living.stored.periodStart)) {
    throw new DomainError('INVALID_INPUT', 'This preview is too old. Look at it again and confirm it then.', {
      fields: { prorationDate: ['too old'] },
    });
  }
  const { payments, stored } = living;
  const id = stored.stripeSubscriptionId;
  const change = { from: stored.priceId, to: sold.stripePriceId, prorationDate };
  // A double click is one charge; after a refusal the same change can be tried with another card.
  const refusals = await countRefusals(ctx, input.accountId);
  const keep = stored.cancelAt !== null && !stored.scheduleId ? await findKeep(payments, id) : null;
  const way = keep ? `:${Object.keys(keep)}` : '';
  const key = `upgrade:${id}:${change.from}:${change.to}:${prorationDate}:${refusals}${way}`;
  try {
    await payments.make(key, (stripe, once) =>
      stripe.subscriptions.update(
        id,
        {
          items: [{ id: stored.itemId, price: sold.stripePriceId }],
          proration_behavior: 'always_invoice',
          proration_date: prorationDate,
          // A refused card changes nothing.
          payment_behavior: 'error_if_incomplete',
          ...keep,
        },
        once,
      ),
    );
  } catch (error) {
    if (error instanceof DomainError && error.reason === 'PAYMENT_ACTION_REQUIRED') {
      return waitForBank(ctx, input, living, change);
    }
    const refused = error instanceof DomainError && error.reason === 'PAYMENT_FAILED';
    if (refused) await auditChange(ctx, input, REFUSED, { planId: stored.planId }, { planId: sold.plan.id });
    throw error;
  }
  if (stored.scheduleId) await dropDowngrade(ctx, payments, stored.scheduleId);
}

/**
 * Requests the same change once more as one that waits for its payment: nothing changes until the bank has confirmed
 * it. Throws PAYMENT_ACTION_REQUIRED with the page of the confirmation.
 */
async function waitForBank(
  ctx: Ctx,
  input: ChangeInput,
  { payments, stored }: Living,
  change: Change,
): Promise<void> {
  const id = stored.stripeSubscriptionId;
  const asked = await payments.make(`bank:${id}:${change.from}:${change.to}:${newId()}`, (stripe, once) =>
    stripe.subscriptions.update(
      id,
      {
        items: [{ id: stored.itemId, price: change.to }],
        proration_behavior: 'always_invoice',
        proration_date: change.prorationDate,
        payment_behavior: 'pending_if_incomplete',
      },
      once,
    ),
  );
  await followChange(ctx, input.accountId);
  const invoice = asked.latest_invoice;
  const invoiceId = typeof invoice === 'string' ? invoice : invoice?.id;
  if (asked.pending_update && invoiceId) throw actionRequired(ctx.env.APP_URL, invoiceId);
}

/** Drops a scheduled downgrade after the larger plan was paid. Until then it stays visible and can be undone. */
async function dropDowngrade(ctx: Ctx, payments: Payments, scheduleId: string): Promise<void> {
  await releaseSchedule(payments, scheduleId).catch((error) => {
    metrics.billingAlarms.inc({ kind: 'downgrade_left' });
    ctx.log.error({ err: error, schedule: scheduleId }, 'a paid upgrade still has a downgrade to come');
  });
}

const REFUSED = 'billing.paymentRefused';

async function countRefusals(ctx: Ctx, accountId: string): Promise<number> {
  const [row] = await ctx.sql<{ count: number }[]>`
    select count(*) as count from audit where account_id = ${accountId} and action = ${REFUSED}`;
  return row?.count ?? 0;
}
