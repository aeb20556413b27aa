import { adjustAccountUsage } from '@/server/account/adjust-usage';
import { createAccount } from '@/server/account/create-account';
import { DEMO_PASSWORD, DEMO_PEOPLE } from '@/server/account/demo-people';
import type { Ctx } from '@/server/context';
import { DomainError } from '@/server/errors';
import { isLoopback } from '@/server/loopback';

export type DemoSignIn = { email: string; password: string; what: string };

/**
 * Creates the demo users, one administrator among them; existing users are left unchanged. Returns all demo sign-ins.
 * Throws INVALID_INPUT when APP_URL is not a loopback address, because the demo password is public.
 */
export async function seedDemo(ctx: Ctx): Promise<DemoSignIn[]> {
  if (!isLoopback(ctx.env.APP_URL)) {
    throw new DomainError(
      'INVALID_INPUT',
      `Demo accounts have a public password and are made for a loopback APP_URL only; this one is ${ctx.env.APP_URL}. Use \`npm run -s operator -- account create --admin\` instead.`,
    );
  }
  for (const { name, email, planId, used } of DEMO_PEOPLE) {
    const there = await ctx.sql`select 1 from auth_user where email = ${email}`;
    if (there.length > 0) continue;
    const isAdmin = email.startsWith('admin@');
    const { accountId } = await createAccount(ctx, { name, email, planId, isAdmin, password: DEMO_PASSWORD });
    if (used > 0)
      await adjustAccountUsage(ctx, { actor: 'operator', accountId, seconds: used, reason: 'demo data' });
  }
  return DEMO_PEOPLE.map(({ email, what }) => ({ email, password: DEMO_PASSWORD, what }));
}
