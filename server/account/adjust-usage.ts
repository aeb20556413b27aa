import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import { quotaRules } from '../quota/account-state';
import { adjustUsage } from '../quota/adjust-usage';
import { describeQuota } from '../quota/describe-quota';
import { notifyQuota } from '../run/notify-quota';
import type { Quota } from '../shapes';
import type { ByWhom } from './set-plan';

/** Books signed seconds on the current period; audited. Returns the quota after it. Throws NOT_FOUND. */
export async function adjustAccountUsage(
  ctx: Ctx,
  input: ByWhom & { seconds: number },
): Promise<{ quota: Quota }> {
  const rules = quotaRules(ctx.env);
  return inTx(ctx, async (tx) => {
    const { accountId, reason } = input;
    const state = await adjustUsage(tx, { accountId, ms: input.seconds * 1000, reason });
    await notifyQuota(tx, state);
    const quota = describeQuota(state, rules);
    const after = { usedSeconds: quota.usedSeconds };
    const before = { usedSeconds: quota.usedSeconds - input.seconds };
    await writeAudit(tx, { ...input, action: 'account.adjustUsage', before, after });
    return { quota };
  });
}
