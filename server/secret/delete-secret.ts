import { type Ctx, inTx } from '../context';
import { notFound } from '../errors';

/**
 * Deletes a variable; running sessions keep it until they stop. A missing variable is no error. Throws NOT_FOUND for a
 * session that does not belong to the account.
 */
export async function deleteSecret(
  ctx: Ctx,
  input: { accountId: string; name: string; sessionId?: string },
): Promise<{ deleted: true }> {
  const { accountId, name, sessionId = null } = input;
  await inTx(ctx, async ({ sql }) => {
    const [found] = await sql`
      select 1 from session where id = ${sessionId} and account_id = ${accountId} and deleted_at is null`;
    if (sessionId !== null && !found) throw notFound('session');
    await sql`
      delete from secret where account_id = ${accountId} and name = ${name}
        and session_id is not distinct from ${sessionId}`;
  });
  return { deleted: true };
}
