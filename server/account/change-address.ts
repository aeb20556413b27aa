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
 * Gives a person the address that has just proven itself. Links sent to the old one end; as the first proof of any address
 * it ends keys and other sign-ins made before. What was used this month, and a trial, stay known under both addresses.
 * Audited. Returns false, and has done nothing, when the address has another account or the person has another address.
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
    // Two moves to one address at once wait here for each other.
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
      // No address: audit lines outlive an account that is deleted.
      after: ended,
      reason: 'asked for, and proven',
    });
    return true;
  });
}
