import type { Row } from '@/db/rows';
import type { member } from '@/db/schema/account';
import type { authUser } from '@/db/schema/auth';
import { writeAudit } from '../audit';
import { carryTrial } from '../billing/trial-mark';
import { type Ctx, inTx } from '../context';
import { lockAccount } from '../quota/load-account';
import { rememberUsage } from './carry-usage';
import { endAccess } from './end-access';
import type { Move } from './new-address';
import type { AccessCtx } from './prove-address';

export type Change = Move & { signInId: string };

/**
 * Changes a user's address to one that has just been proven. Links sent to the old address end; if this is the first
 * proof of any address, keys and other sign-ins made before end too. This month's usage and a trial stay linked to both
 * addresses. Audited. Returns false and changes nothing when the new address has another account or the user's address
 * has changed since.
 */
export async function changeAddress(ctx: AccessCtx, change: Change): Promise<boolean> {
  const { userId, email, newEmail, signInId } = change;
  return inTx(ctx as Ctx, async (tx) => {
    const accounts = await tx.sql<(Pick<Row<typeof member>, 'account_id'> & { is_owner: boolean })[]>`
      select account_id, role = 'owner' as is_owner from member where user_id = ${userId} order by account_id`;
    const owned = accounts.filter((account) => account.is_owner).map((account) => account.account_id);
    for (const accountId of owned) await rememberUsage(tx, await lockAccount(tx, accountId));
    const [person] = await tx.sql<Pick<Row<typeof authUser>, 'email_verified'>[]>`
      select email_verified from auth_user where id = ${userId} and email = ${email} for update`;
    // Two concurrent changes to the same address wait for each other here.
    await tx.sql`select pg_advisory_xact_lock(hashtextextended(${newEmail}, 43))`;
    const [taken] = await tx.sql`select 1 from auth_user where email = ${newEmail}`;
    if (!person || taken) return false;
    const changed = () =>
      tx.sql`update auth_user set email = ${newEmail}, email_verified = true, updated_at = now() where id = ${userId}`;
    await carryTrial(tx, owned, changed);
    await tx.sql`delete from auth_verification where value = ${userId}`;
    const ended = person.email_verified ? null : await endAccess(tx, { userId, keptSignInId: signInId });
    await writeAudit(tx, {
      actor: `user:${userId}`,
      action: 'account.changeAddress',
      accountId: accounts[0]?.account_id ?? null,
      before: null,
      // No address is written, because audit entries outlive a deleted account.
      after: ended,
      reason: 'asked for, and proven',
    });
    return true;
  });
}
