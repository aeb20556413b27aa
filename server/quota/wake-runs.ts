import type { TxCtx } from '../context';

/** Has the timekeeper look at every open run of an account now: its plan gives less than before. Under the account lock. */
export async function wakeRuns(tx: TxCtx, accountId: string): Promise<void> {
  await tx.sql`
    update run set due_at = least(due_at, hg_clock()) where account_id = ${accountId} and ended_at is null`;
}
