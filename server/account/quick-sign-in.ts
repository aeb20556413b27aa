import type { Row } from '@/db/rows';
import type { member } from '@/db/schema/account';
import type { authSignIn, authUser } from '@/db/schema/auth';
import { type Ctx, failClosed } from '../context';
import { readSignedCookie } from './resign-cookies';
import { REFRESH_AFTER_HOURS, SIGN_IN_DAYS } from './sign-in-life';
import { type SignedInActor, signedInActor } from './signed-in-actor';

type SignInRow = Pick<Row<typeof authSignIn>, 'id' | 'user_id'> &
  Pick<Row<typeof authUser>, 'role' | 'two_factor_enabled'> &
  Pick<Row<typeof member>, 'account_id'> & { member_role: Row<typeof member>['role'] };

/**
 * Returns the member behind a browser's cookie with one read of PostgreSQL, for the busiest requests. Null unless the
 * sign-in is certainly live: then the sign-in library decides, as it does for one due for extension and for a user
 * without an account. Throws QUOTA_UNAVAILABLE while PostgreSQL is unreachable.
 */
export async function findQuickSignIn(ctx: Ctx, headers: Headers): Promise<SignedInActor | null> {
  const token = readSignedCookie(ctx, headers.get('cookie'), 'session_token');
  if (token === null) return null;
  const [row] = await failClosed(
    // One statement, because every poll of every open page runs it.
    () => ctx.sql<SignInRow[]>`
      select s.id, s.user_id, u.role, u.two_factor_enabled, m.account_id, m.role as member_role
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
    hasSecondFactor: row.two_factor_enabled,
    accountId: row.account_id,
    memberRole: row.member_role,
    signInId: row.id,
  });
}
