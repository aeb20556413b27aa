import { type Ctx, failClosed } from '../context';

export type Security = { hasPassword: boolean; hasSecondFactor: boolean };

/** Returns whether a user has a password and a second factor. */
export async function readSecurity(ctx: Ctx, userId: string): Promise<Security> {
  const [row] = await failClosed(
    () => ctx.sql<{ has_password: boolean; has_second_factor: boolean }[]>`
      select u.two_factor_enabled as has_second_factor, exists (
        select 1 from auth_identity i
        where i.user_id = u.id and i.provider_id = 'credential' and i.password is not null) as has_password
      from auth_user u where u.id = ${userId}`,
    ctx.log,
  );
  return { hasPassword: row?.has_password ?? false, hasSecondFactor: row?.has_second_factor ?? false };
}
