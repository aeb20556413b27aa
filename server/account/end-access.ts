import type { TxCtx } from '../context';

export type Ended = { keys: number; signIns: number };

/** Ends every API key a user made and all their sign-ins but one; returns how many of each. */
export async function endAccess(
  { sql }: TxCtx,
  { userId, keptSignInId }: { userId: string; keptSignInId?: string },
): Promise<Ended> {
  const keys = await sql`
    update api_key set revoked_at = hg_clock() where created_by = ${userId} and revoked_at is null returning 1`;
  const signIns = await sql`
    delete from auth_sign_in where user_id = ${userId} and id <> ${keptSignInId ?? ''} returning 1`;
  return { keys: keys.length, signIns: signIns.length };
}
