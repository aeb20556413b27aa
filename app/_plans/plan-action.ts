import { directionOf } from '@/server/quota/direction';
import type { BillingSummary, Plan, PricedPlan } from '@/server/shapes';
import { isFailing } from '../_offers/failing';

/** The one button of a plan's card. A disabled button says why. */
export type PlanAction =
  | { kind: 'current'; label: string }
  | { kind: 'off'; label: string; why: string }
  /** No button: a sentence, and the support address where one is set. */
  | { kind: 'none'; label: string; why: string; contact: boolean }
  | { kind: 'link'; label: string; href: string; main: boolean }
  | { kind: 'trial'; label: string }
  | { kind: 'leave-trial'; label: string };

const upgradeTo = (plan: Plan) => `/billing/upgrade?plan=${encodeURIComponent(plan.id)}`;

/** Returns the action of a plan; `summary` is null for a visitor without a sign-in. Pure. */
export function planAction(
  plan: PricedPlan,
  plans: PricedPlan[],
  summary: BillingSummary | null,
  periodEnd: string,
): PlanAction {
  if (!summary) return visitorAction(plan);
  if (plan.id === summary.plan.id) return { kind: 'current', label: 'Your plan' };
  const scheduled = summary.scheduledChange;
  if (scheduled?.planId === plan.id) {
    return { kind: 'link', label: `From ${periodEnd}`, href: '/billing', main: false };
  }
  const action = ownAction(plan, plans, summary, periodEnd);
  if (summary.mayChange || action.kind === 'off' || action.kind === 'none') return action;
  return { kind: 'off', label: action.label, why: 'Only an owner of this account can change its plan.' };
}

function visitorAction(plan: PricedPlan): PlanAction {
  if (plan.price) return { kind: 'link', label: `Choose ${plan.name}`, href: upgradeTo(plan), main: false };
  if (plan.id === 'free') return { kind: 'link', label: 'Sign up', href: '/sign-up', main: true };
  if (plan.onceSeconds !== null)
    return { kind: 'link', label: 'Sign up to try', href: '/sign-up', main: false };
  return notForSale(plan);
}

function ownAction(
  plan: PricedPlan,
  plans: PricedPlan[],
  summary: BillingSummary,
  periodEnd: string,
): PlanAction {
  const current = plans.find((one) => one.id === summary.plan.id);
  const isBigger = directionOf(current, plan) === 'up';
  if (plan.onceSeconds !== null) return trialAction(summary, isBigger);
  const leavesTrial = plan.id === 'free' && summary.plan.id === summary.ownPlan.id && current?.onceSeconds;
  if (leavesTrial) return { kind: 'leave-trial', label: 'Back to Free' };
  // While a payment is open no plan can be changed, and a cancellation takes effect at once.
  const isOffered = plan.price !== null || plan.id === summary.ownPlan.id;
  if (isFailing(summary) && isOffered) {
    return { kind: 'link', label: 'See billing', href: '/billing', main: false };
  }
  if (isBigger) {
    return plan.price
      ? { kind: 'link', label: `Upgrade to ${plan.name}`, href: upgradeTo(plan), main: true }
      : notForSale(plan);
  }
  if (plan.id === summary.ownPlan.id && summary.paidPlan) {
    return { kind: 'link', label: `Switch on ${periodEnd}`, href: '/billing', main: false };
  }
  if (plan.price && summary.paidPlan) {
    return { kind: 'link', label: `Switch on ${periodEnd}`, href: upgradeTo(plan), main: false };
  }
  return { kind: 'off', label: 'Included', why: `Your ${summary.plan.name} plan gives more.` };
}

function trialAction({ trial, plan }: BillingSummary, isBigger: boolean): PlanAction {
  if (trial.used) return { kind: 'off', label: 'Trial used', why: 'There is one trial per person.' };
  if (trial.available) return { kind: 'trial', label: 'Start trial' };
  const why = isBigger ? 'There is no trial here.' : `Your ${plan.name} plan gives more.`;
  return { kind: 'off', label: 'Not needed', why };
}

const notForSale = (plan: Plan): PlanAction =>
  plan.monthlySeconds === null
    ? { kind: 'none', label: 'Contact us', why: 'On request.', contact: true }
    : { kind: 'none', label: '', why: 'This plan cannot be bought here.', contact: false };
