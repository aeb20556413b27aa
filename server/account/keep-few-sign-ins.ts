import type { Ctx } from '../context';

/** Live sign-ins a person may have: the newest stay. */
const SIGN_INS_KEPT = 30;

/** Forgets what a new sign-in of a person puts one too many, and whatever has expired. */
export async function keepFewSignIns(ctx: Pick<Ctx, 'sql'>, userId: string): Promise<void> {
  await ctx.sql`
    delete from auth_sign_in where user_id = ${userId} and id not in (
      select id from auth_sign_in where user_id = ${userId} and expires_at > now()
      order by created_at desc, id desc limit ${SIGN_INS_KEPT})`;
  await ctx.sql`delete from auth_verification where expires_at < now()`;
}
