import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import { notFound } from '../errors';
import { lockAccount } from '../quota/load-account';
import { stopAccount } from '../run/stop-account';
import type { AccountStatus } from '../shapes';
import type { ByWhom } from './set-plan';

/** Blocks, approves or re-opens an account; a block stops its running sessions at once. Audited. Throws NOT_FOUND. */
export async function setStatus(
  ctx: Ctx,
  input: ByWhom & { status: AccountStatus },
): Promise<{ status: AccountStatus }> {
  const stopped = await inTx(ctx, async (tx) => {
    const state = await lockAccount(tx, input.accountId);
    const [set] = await tx.sql`
      update account set status = ${input.status} where id = ${input.accountId} and deleted_at is null returning 1`;
    if (!set) throw notFound('account');
    await writeAudit(tx, {
      ...input,
      action: 'account.setStatus',
      before: { status: state.status },
      after: { status: input.status },
    });
    return input.status === 'active' ? [] : stopAccount(tx, state, 'blocked');
  });
  for (const runId of stopped) await ctx.jobs.wakeRun(runId, ctx.clock.now());
  return { status: input.status };
}
