import type { Ctx } from '../context';

/** Most live sign-ins per user; the newest are kept. */
const SIGN_INS_KEPT = 30;

/** Deletes a user's oldest sign-ins beyond the limit, and everything that has expired. */
export async function keepFewSignIns(ctx: Pick<Ctx, 'sql'>, userId: string): Promise<void> {
  await ctx.sql`
    delete from auth_sign_in where user_id = ${userId} and id not in (
      select id from auth_sign_in where user_id = ${userId} and expires_at > now()
      order by created_at desc, id desc limit ${SIGN_INS_KEPT})`;
  await ctx.sql`delete from auth_verification where expires_at < now()`;
}
