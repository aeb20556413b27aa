import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import { lockAccount } from '../quota/load-account';

export type LiftedHold = { id: string; kind: string; amount: number; currency: string };

/**
 * Lets an account buy again although its payments were disputed or reported as fraud. Returns the lifted holds; empty
 * when there were none. Throws NOT_FOUND.
 */
export async function liftHolds(
  ctx: Ctx,
  { actor, accountId, reason }: { actor: string; accountId: string; reason: string },
): Promise<LiftedHold[]> {
  return inTx(ctx, async (tx) => {
    await lockAccount(tx, accountId);
    const lifted = await tx.sql<LiftedHold[]>`
      update payment_hold set lifted_at = hg_clock() where account_id = ${accountId} and lifted_at is null
      returning id, kind, amount, currency`;
    if (lifted.length > 0) {
      await writeAudit(tx, {
        actor,
        action: 'billing.liftHolds',
        accountId,
        before: { holds: lifted.map(({ id }) => id) },
        after: { holds: [] },
        reason,
      });
    }
    return [...lifted];
  });
}
