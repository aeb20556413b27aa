import { actorText } from '../actor-text';
import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import { DomainError } from '../errors';
import { applyPlan } from '../quota/apply-plan';
import { lockAccount } from '../quota/load-account';
import { type BillingSummary, TRIAL_PLAN } from '../shapes';
import { describeBilling, type Whose } from './describe-billing';
import { needActive } from './need-active';
import { isLiving, readStored } from './sync/stored-subscription';
import { markTrial } from './trial-mark';

/**
 * Gives an account the trial: a one-time allowance without a card, once per person rather than per address. Returns the
 * billing afterwards. Throws TRIAL_USED, ACCOUNT_BLOCKED, ACCOUNT_PENDING, EMAIL_UNCONFIRMED when no owner has
 * confirmed their address, and INVALID_INPUT when the account already has as much.
 */
export async function startTrial(ctx: Ctx, whose: Whose): Promise<BillingSummary> {
  const { accountId, member } = whose;
  await inTx(ctx, async (tx) => {
    const state = await lockAccount(tx, accountId);
    needActive(state);
    const trial = state.plans.find((plan) => plan.id === TRIAL_PLAN && plan.visible);
    if (!trial) throw new DomainError('NOT_FOR_SALE', 'There is no trial here. Choose a plan instead.');
    if (!(await markTrial(tx, accountId))) {
      throw new DomainError('TRIAL_USED', 'You had your trial already. Choose a plan to go on.');
    }
    if (state.plan.sort >= trial.sort || isLiving(await readStored(tx.sql, accountId))) {
      throw new DomainError('INVALID_INPUT', `Your ${state.plan.name} plan gives more than the trial.`);
    }
    const { before, after } = await applyPlan(tx, accountId, TRIAL_PLAN);
    await writeAudit(tx, {
      actor: actorText(member),
      action: 'billing.startTrial',
      accountId,
      before: { planId: before.id },
      after: { planId: after.id },
      reason: 'asked for',
    });
  });
  return describeBilling(ctx, whose);
}
