import { type Ctx, failClosed } from '../context';
import { readSignedCookie } from './resign-cookies';
import { REFRESH_AFTER_HOURS, SIGN_IN_DAYS } from './sign-in-life';
import { type SignedInActor, signedInActor } from './signed-in-actor';

/**
 * Returns the member behind a browser's cookie with one read of PostgreSQL, for the busiest requests. Null unless the
 * sign-in is certainly live: then the sign-in library decides, as it does for one due for extension and for a user
 * without an account. Throws QUOTA_UNAVAILABLE while PostgreSQL is unreachable.
 */
export async function findQuickSignIn(ctx: Ctx, headers: Headers): Promise<SignedInActor | null> {
  const token = readSignedCookie(ctx, headers.get('cookie'), 'session_token');
  if (token === null) return null;
  const [row] = await failClosed(
    () => ctx.sql<
      {
        id: string;
        user_id: string;
        role: string;
        has_second_factor: boolean;
        account_id: string;
        member_role: SignedInActor['role'];
      }[]
    >`
      select s.id, s.user_id, u.role, u.two_factor_enabled as has_second_factor, m.account_id, m.role as member_role
      from auth_sign_in s join auth_user u on u.id = s.user_id
        cross join lateral (select account_id, role from member where user_id = u.id order by created_at limit 1) m
      where s.token = ${token}
        and s.expires_at > clock_timestamp() + ${SIGN_IN_DAYS * 24 - REFRESH_AFTER_HOURS} * interval '1 hour'`,
    ctx.log,
  );
  if (!row) return null;
  return signedInActor(ctx, {
    userId: row.user_id,
    role: row.role,
    hasSecondFactor: row.has_second_factor,
    accountId: row.account_id,
    memberRole: row.member_role,
    signInId: row.id,
  });
}
