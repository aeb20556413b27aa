import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import { newId } from '../ids';
import { queueMail } from '../mail/queue-mail';
import { applyPlan } from '../quota/apply-plan';

export type ByWhom = { actor: string; accountId: string; reason: string };

/**
 * Sets an account's own plan; audited, and announced to its owners when the plan in force changes. Returns the plan in
 * force. Throws NOT_FOUND, INVALID_INPUT.
 */
export async function setPlan(ctx: Ctx, input: ByWhom & { planId: string }): Promise<{ planId: string }> {
  return inTx(ctx, async (tx) => {
    const { before, after } = await applyPlan(tx, input.accountId, input.planId);
    await writeAudit(tx, {
      ...input,
      action: 'account.setPlan',
      before: { planId: before.id },
      after: { planId: after.id },
    });
    if (before.id !== after.id) {
      await queueMail(tx, {
        accountId: input.accountId,
        kind: 'plan.changed',
        cause: `plan:${input.accountId}:${newId()}`,
        facts: { from: before.name, to: after.name },
      });
    }
    return { planId: after.id };
  });
}
