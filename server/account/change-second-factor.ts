import type { Row } from '@/db/rows';
import type { member } from '@/db/schema/account';
import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import type { AccessCtx } from './prove-address';

export type SecondFactorChange = {
  userId: string;
  change: 'add' | 'remove' | 'renewCodes';
  /** The sign-in that proved the new second factor; all others were made without one and end. */
  keptSignInId?: string;
};

/**
 * Records that a second factor was added or removed, or its recovery codes renewed; adding one ends the other sign-ins.
 */
export async function changeSecondFactor(
  ctx: AccessCtx,
  { userId, change, keptSignInId }: SecondFactorChange,
): Promise<void> {
  await inTx(ctx as Ctx, async (tx) => {
    const ended =
      change === 'add'
        ? await tx.sql`
            delete from auth_sign_in where user_id = ${userId} and id <> ${keptSignInId ?? ''} returning 1`
        : null;
    const [first] = await tx.sql<Pick<Row<typeof member>, 'account_id'>[]>`
      select account_id from member where user_id = ${userId} order by created_at limit 1`;
    await writeAudit(tx, {
      actor: `user:${userId}`,
      action: `secondFactor.${change}`,
      accountId: first?.account_id ?? null,
      before: null,
      after: ended && { signIns: ended.length },
      reason: 'asked for',
    });
  });
}
