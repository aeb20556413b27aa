import type { Ctx, TxCtx } from '../context';
import { DomainError } from '../errors';

/** How long a sign-in, or a password given again, permits what a stolen sign-in must not do. */
const FRESH_MINUTES = 10;

/**
 * Refuses a sign-in that is older than ten minutes and whose password was not given again since. Without a sign-in it
 * permits the call, because operators and tests have none. Throws FRESH_SIGN_IN_REQUIRED, UNAUTHORIZED.
 */
export async function needFreshSignIn(
  { sql }: Pick<Ctx | TxCtx, 'sql'>,
  signInId: string | undefined,
): Promise<void> {
  if (signInId === undefined) return;
  const [signIn] = await sql<{ is_fresh: boolean }[]>`
    select greatest(created_at, proven_at) > now() - ${FRESH_MINUTES} * interval '1 minute' as is_fresh
    from auth_sign_in where id = ${signInId} and expires_at > now()`;
  if (!signIn) throw new DomainError('UNAUTHORIZED', 'This sign-in is not valid any more. Sign in again.');
  if (!signIn.is_fresh)
    throw new DomainError(
      'FRESH_SIGN_IN_REQUIRED',
      'You signed in some time ago. Enter your password again to do this.',
    );
}
