import type { Row } from '@/db/rows';
import type { member } from '@/db/schema/account';
import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import { holdAccount } from '../quota/load-account';
import { endAccess } from './end-access';
import { type AccessCtx, proveAddress } from './prove-address';

export type Replaced = {
  userId: string;
  /** By email, which proves the address, or while signed in. */
  by: 'email' | 'sign-in';
  keptSignInId?: string;
};

/**
 * Ends what a new password must end: the user's keys and other sign-ins, and everything on the first proof of an
 * address. Audited.
 */
export async function replacePassword(ctx: AccessCtx, { userId, by, keptSignInId }: Replaced): Promise<void> {
  if (by === 'email' && (await proveAddress(ctx, { userId, by: 'password' }))) return;
  await inTx(ctx as Ctx, async (tx) => {
    const accounts = await tx.sql<Pick<Row<typeof member>, 'account_id'>[]>`
      select account_id from member where user_id = ${userId} order by account_id`;
    // A key being created concurrently is either seen here or finds its sign-in gone.
    for (const { account_id } of accounts) await holdAccount(tx, account_id);
    const ended = await endAccess(tx, { userId, keptSignInId });
    await writeAudit(tx, {
      actor: `user:${userId}`,
      action: 'account.replacePassword',
      accountId: accounts[0]?.account_id ?? null,
      before: null,
      after: { by, ...ended },
      reason: 'a new password was set',
    });
  });
}
