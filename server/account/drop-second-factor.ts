import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import { notFound } from '../errors';

export type DropSecondFactor = { email: string; actor: string; reason: string };

/**
 * Removes the second factor of a user who has lost app and recovery codes, and ends their sign-ins; audited. The
 * operator must verify the user's identity first. Returns how many sign-ins ended. Throws NOT_FOUND.
 */
export async function dropSecondFactor(
  ctx: Ctx,
  { email, actor, reason }: DropSecondFactor,
): Promise<{ email: string; endedSignIns: number }> {
  return inTx(ctx, async (tx) => {
    const address = email.trim().toLowerCase();
    const [person] = await tx.sql<{ id: string; account_id: string | null }[]>`
      update auth_user u set two_factor_enabled = false where email = ${address}
      returning id, (select account_id from member where user_id = u.id order by created_at limit 1) as account_id`;
    if (!person) throw notFound('person');
    await tx.sql`delete from auth_second_factor where user_id = ${person.id}`;
    const ended = await tx.sql`delete from auth_sign_in where user_id = ${person.id} returning 1`;
    await writeAudit(tx, {
      actor,
      action: 'secondFactor.remove',
      accountId: person.account_id,
      before: null,
      after: { signIns: ended.length },
      reason,
    });
    return { email: address, endedSignIns: ended.length };
  });
}
