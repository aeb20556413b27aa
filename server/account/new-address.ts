import { signJWT, verifyJWT } from 'better-auth/crypto';
import type { Row } from '@/db/rows';
import type { authUser } from '@/db/schema/auth';
import type { Ctx } from '../context';

const LIFE_SECONDS = 3_600;

export type Move = { userId: string; email: string; newEmail: string };
/** The old address confirms the change; then the new one is proven. */
export type MoveStep = 'confirm' | 'prove';

/** Returns the token of the link for one step of a change of address. */
export const signMove = (
  secret: string,
  { userId, email, newEmail }: Move,
  step: MoveStep,
): Promise<string> =>
  // `updateTo` keeps this token from confirming an address.
  signJWT({ userId, email, updateTo: newEmail, move: step }, secret, LIFE_SECONDS);

export type OpenMove = Move & { kind: 'open'; step: MoveStep; isProven: boolean };

/**
 * Returns the change a link stands for; reading it changes nothing. A change that was made or superseded is not valid.
 */
export async function readMove(
  ctx: Pick<Ctx, 'sql'>,
  secret: string,
  token: string,
): Promise<OpenMove | { kind: 'invalid' }> {
  const claim = await verifyJWT<Record<string, unknown>>(token, secret);
  const { userId, email, updateTo: newEmail, move: step } = claim ?? {};
  if (typeof userId !== 'string' || typeof email !== 'string' || typeof newEmail !== 'string')
    return { kind: 'invalid' };
  if (step !== 'confirm' && step !== 'prove') return { kind: 'invalid' };
  const [person] = await ctx.sql<Pick<Row<typeof authUser>, 'email' | 'email_verified'>[]>`
    select email, email_verified from auth_user where id = ${userId}`;
  if (person?.email !== email) return { kind: 'invalid' };
  return { kind: 'open', step, userId, email, newEmail, isProven: person.email_verified };
}
