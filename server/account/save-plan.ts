import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import { savePlan } from '../quota/save-plan';
import type { Plan } from '../shapes';

/** Writes a whole plan; audited. Returns it. Throws INVALID_INPUT and changes nothing then. */
export async function saveAuditedPlan(
  ctx: Ctx,
  input: { actor: string; plan: Plan; reason: string },
): Promise<Plan> {
  await inTx(ctx, async (tx) => {
    const before = await savePlan(tx, input.plan);
    await writeAudit(tx, {
      actor: input.actor,
      action: 'plan.save',
      accountId: null,
      before,
      after: input.plan,
      reason: input.reason,
    });
  });
  return input.plan;
}
