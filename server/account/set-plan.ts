import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import { applyPlan } from '../quota/apply-plan';

export type ByWhom = { actor: string; accountId: string; reason: string };

/** Gives an account another own plan; audited. Answers the plan in force. Throws NOT_FOUND, INVALID_INPUT. */
export async function setPlan(ctx: Ctx, input: ByWhom & { planId: string }): Promise<{ planId: string }> {
  return inTx(ctx, async (tx) => {
    const { before, after } = await applyPlan(tx, input.accountId, input.planId);
    await writeAudit(tx, {
      ...input,
      action: 'account.setPlan',
      before: { planId: before.id },
      after: { planId: after.id },
    });
    return { planId: after.id };
  });
}
