import type { Row } from '@/db/rows';
import type { member } from '@/db/schema/account';
import { type Ctx, inTx } from '../context';
import { DomainError } from '../errors';
import { newId } from '../ids';
import { carryUsage } from './carry-usage';

export type NewOwner = { userId: string; name: string };

/**
 * Returns the id of a user's billing account, creating it with its first owner on sign-up; calling it twice creates one
 * account. What the user used this month in a deleted account is charged to it. Throws UNAUTHORIZED for a user that no
 * longer exists.
 */
export async function openAccount(
  ctx: Pick<Ctx, 'sql' | 'env' | 'clock' | 'log'>,
  owner: NewOwner,
): Promise<string> {
  return inTx(ctx as Ctx, async (tx) => {
    await tx.sql`select pg_advisory_xact_lock(hashtextextended(${owner.userId}, 42))`;
    const [existing] = await tx.sql<Pick<Row<typeof member>, 'account_id'>[]>`
      select account_id from member where user_id = ${owner.userId} order by created_at limit 1`;
    if (existing) return existing.account_id;
    const [person] = await tx.sql`select 1 from auth_user where id = ${owner.userId} for key share`;
    if (!person) throw new DomainError('UNAUTHORIZED', 'This sign-in is not valid any more. Sign in again.');
    const id = newId();
    const status = ctx.env.SIGNUP_MODE === 'approval' ? 'pending' : 'active';
    await tx.sql`insert into account (id, name, status, own_plan_id) values (${id}, ${owner.name}, ${status}, 'free')`;
    await tx.sql`insert into member (account_id, user_id, role) values (${id}, ${owner.userId}, 'owner')`;
    await carryUsage(tx, id);
    return id;
  });
}
