import type { Row } from '@/db/rows';
import type { authUser } from '@/db/schema/auth';
import type { Ctx } from '../context';
import { DomainError } from '../errors';
import { deleteAccount } from './delete-account';
import { needFreshSignIn } from './need-fresh-sign-in';

type Leaving = { accountId: string; userId: string; signInId?: string; email: string };

/**
 * Deletes the account of an owner who typed their address to confirm; works in every account state. Returns once
 * nothing can be started or charged any more. Throws INVALID_INPUT for another address, FRESH_SIGN_IN_REQUIRED,
 * NOT_FOUND.
 */
export async function deleteOwnAccount(ctx: Ctx, leaving: Leaving): Promise<{ deleted: true }> {
  const { accountId, userId } = leaving;
  const [person] = await ctx.sql<
    Pick<Row<typeof authUser>, 'email'>[]
  >`select email from auth_user where id = ${userId}`;
  if (leaving.email.trim().toLowerCase() !== person?.email.toLowerCase()) {
    const message = 'Type the address you sign in with to delete this account. Nothing was changed.';
    throw new DomainError('INVALID_INPUT', message, { fields: { email: [message] } });
  }
  await needFreshSignIn(ctx, leaving.signInId);
  return deleteAccount(ctx, { accountId, actor: `user:${userId}`, reason: 'asked for by an owner' });
}
