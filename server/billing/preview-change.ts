import { fromUnix, toIso, toUnix } from '../clock';
import type { Ctx } from '../context';
import { directionOf } from '../quota/direction';
import { chargeNow, restAmount } from '../quota/first-charge';
import { thisMonthSeconds, withBought } from '../quota/if-bought';
import { readAccount } from '../quota/load-account';
import { monthSeconds } from '../quota/paid-quota';
import { monthAround, monthOf } from '../quota/period';
import type { ChangePreview } from '../shapes';
import { needSellable } from './catalogue/sellable';
import type { Whose } from './describe-billing';
import { needGoodStanding, needLiving } from './need-living';
import { needPayments } from './payments';
import { boughtLines } from './read-invoices';
import { isFailing } from './sync/choose-subscription';
import { isLiving, readStored, reduced } from './sync/stored-subscription';
import { withFreshState } from './with-fresh-state';

type PreviewInput = Whose & { planId: string; currency?: string };

/**
 * Returns what a change of plan would cost now and on the next first of the month. Confirmed with the same
 * `prorationDate`, the charge is exactly this. Throws NOT_FOR_SALE, INVALID_INPUT, PAYMENT_FAILED, BILLING_UNAVAILABLE,
 * RATE_LIMITED.
 */
export async function previewChange(ctx: Ctx, input: PreviewInput): Promise<ChangePreview> {
  needPayments(ctx.payments);
  await ctx.rates.takeBilling(input.accountId);
  const stored = await readStored(ctx.sql, input.accountId);
  if (!isLiving(stored)) return previewFirst(ctx, input);
  return withFreshState(ctx, input.accountId, () => previewLiving(ctx, input));
}

/** Returns the first payment: the rest of this month, then the whole price on each first. */
async function previewFirst(ctx: Ctx, input: PreviewInput): Promise<ChangePreview> {
  const state = await readAccount(ctx.sql, input.accountId);
  const { plan, price } = await needSellable(ctx, input.planId, state.currency ?? input.currency);
  const { dueNow, carried } = chargeNow(restAmount(price.amount, state.now), price.currency);
  return {
    effective: 'now',
    thisMonthSeconds: thisMonthSeconds(state, plan, price.currency),
    dueNow,
    next: { amount: price.amount + carried, at: toIso(monthAround(state.now).endAt) },
    currency: price.currency,
    prorationDate: toUnix(state.now),
  };
}

async function previewLiving(ctx: Ctx, input: PreviewInput): Promise<ChangePreview> {
  const living = await needLiving(ctx, input.accountId);
  const { stored, plan, state, payments } = living;
  const prorationDate = toUnix(ctx.clock.now());
  const later = (amount: number): ChangePreview => ({
    effective: 'period_end',
    thisMonthSeconds: monthSeconds(state, monthOf(state.now)),
    dueNow: 0,
    next: { amount, at: toIso(Math.min(stored.cancelAt ?? stored.periodEnd, stored.periodEnd)) },
    currency: stored.currency,
    prorationDate,
  });
  if (input.planId === state.ownPlanId) {
    // An unpaid subscription ends at once.
    if (!isFailing(stored.status)) return later(0);
    return { ...later(0), effective: 'now', next: { amount: 0, at: toIso(state.now) } };
  }
  const sold = await needSellable(ctx, input.planId, stored.currency);
  needGoodStanding(living);
  const nextAmount = reduced(sold.price.amount, stored.discount, stored.periodEnd);
  if (directionOf(plan, sold.plan) === 'down') return later(nextAmount);
  const invoice = await payments.ask((stripe) =>
    stripe.invoices.createPreview({
      subscription: stored.stripeSubscriptionId,
      subscription_details: {
        items: [{ id: stored.itemId, price: sold.stripePriceId }],
        proration_behavior: 'always_invoice',
        proration_date: prorationDate,
      },
    }),
  );
  const lines = boughtLines(invoice).map(({ priceId, ...line }) => ({
    ...line,
    planId: priceId === sold.stripePriceId ? sold.plan.id : stored.planId,
  }));
  const after = { ...state, subscription: withBought(state, sold.plan, lines) };
  const carried = Math.max(0, invoice.total + invoice.starting_balance - invoice.amount_due);
  return {
    effective: 'now',
    thisMonthSeconds: monthSeconds(after, monthOf(state.now)),
    dueNow: invoice.amount_due,
    next: { amount: nextAmount + carried, at: toIso(stored.periodEnd) },
    currency: invoice.currency,
    prorationDate,
  };
}

/** The longest age of a preview at its confirmation, in ms. */
const PREVIEW_LIVES_MS = 10 * 60_000;

/** The clocks of two web processes may differ by this much, in ms. */
const SKEW_MS = 5_000;

/** Returns whether a preview of that date may still be confirmed: in time, and in the same period. Pure. */
export function isFresh(prorationDate: number, now: number, periodStart: number): boolean {
  const at = fromUnix(prorationDate);
  return at >= periodStart && at <= now + SKEW_MS && now - at <= PREVIEW_LIVES_MS;
}
