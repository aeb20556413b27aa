import { type Ctx, inTx } from '../context';
import { newId } from '../ids';

export type NewOwner = { userId: string; name: string };

/**
 * The billing account of a person, made with its first owner on sign-up and found again ever after: calling it twice
 * makes one. Answers the account's id.
 */
export async function openAccount(
  ctx: Pick<Ctx, 'sql' | 'env' | 'clock' | 'log'>,
  owner: NewOwner,
): Promise<string> {
  return inTx(ctx as Ctx, async (tx) => {
    await tx.sql`select pg_advisory_xact_lock(hashtextextended(${owner.userId}, 42))`;
    const [existing] = await tx.sql<{ account_id: string }[]>`
      select account_id from member where user_id = ${owner.userId} order by created_at limit 1`;
    if (existing) return existing.account_id;
    const id = newId();
    const status = ctx.env.SIGNUP_MODE === 'approval' ? 'pending' : 'active';
    await tx.sql`insert into account (id, name, status, own_plan_id) values (${id}, ${owner.name}, ${status}, 'free')`;
    await tx.sql`insert into member (account_id, user_id, role) values (${id}, ${owner.userId}, 'owner')`;
    return id;
  });
}
