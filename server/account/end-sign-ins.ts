import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import { notFound } from '../errors';

type Asking = { userId: string; accountId: string };

/** Ends one sign-in of a user at once. Audited. Throws NOT_FOUND for one that has ended or belongs to another user. */
export async function endSignIn(ctx: Ctx, input: Asking & { signInId: string }): Promise<{ ended: number }> {
  const ended = await end(ctx, input, { only: input.signInId });
  if (ended === 0) throw notFound('sign-in');
  return { ended };
}

/** Ends every sign-in of a user except the caller's. Audited. Returns how many. */
export async function endOtherSignIns(
  ctx: Ctx,
  input: Asking & { signInId?: string },
): Promise<{ ended: number }> {
  return { ended: await end(ctx, input, { not: input.signInId ?? '' }) };
}

const end = (ctx: Ctx, { userId, accountId }: Asking, which: { only: string } | { not: string }) =>
  inTx(ctx, async (tx) => {
    const chosen = 'only' in which ? tx.sql`id = ${which.only}` : tx.sql`id <> ${which.not}`;
    const ended = await tx.sql`
      delete from auth_sign_in where user_id = ${userId} and ${chosen} and expires_at > now() returning 1`;
    if (ended.length === 0) return 0;
    await writeAudit(tx, {
      actor: `user:${userId}`,
      action: 'signIn.end',
      accountId,
      before: null,
      after: { signIns: ended.length },
      reason: 'asked for',
    });
    return ended.length;
  });
