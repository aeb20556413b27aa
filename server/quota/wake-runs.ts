import type { TxCtx } from '../context';

/** Makes every open run of an account due now, because its plan gives less than before. Requires the account lock. */
export async function wakeRuns(tx: TxCtx, accountId: string): Promise<void> {
  await tx.sql`
    update run set due_at = least(due_at, hg_clock()) where account_id = ${accountId} and ended_at is null`;
}
