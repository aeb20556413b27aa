import type { Ctx } from '../context';
import type { Auth } from './auth';

/**
 * Returns how many sessions a new password would remove: all of an account whose address was never confirmed. Zero for
 * any other account and for an invalid link.
 */
export async function previewReset(ctx: Pick<Ctx, 'sql'>, auth: Auth, token: string): Promise<number> {
  const { internalAdapter } = await auth.$context;
  const asked = token === '' ? null : await internalAdapter.findVerificationValue(`reset-password:${token}`);
  if (!asked) return 0;
  const [row] = await ctx.sql<{ sessions: number }[]>`
    select count(*)::int as sessions from session s
    join member m on m.account_id = s.account_id join auth_user u on u.id = m.user_id
    where u.id = ${asked.value} and not u.email_verified and s.deleted_at is null`;
  return row?.sessions ?? 0;
}
