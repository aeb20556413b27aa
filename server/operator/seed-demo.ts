import { adjustAccountUsage } from '../account/adjust-usage';
import type { Ctx } from '../context';
import { createAccount } from './create-account';

export type DemoSignIn = { email: string; password: string; what: string };

const PASSWORD = 'hourglass-demo';
const THREE_MINUTES = 180;

const PEOPLE = [
  { name: 'Demo', email: 'demo@hourglass.local', planId: 'free', used: 0, what: 'Free, nothing used yet' },
  {
    name: 'Pro',
    email: 'pro@hourglass.local',
    planId: 'pro',
    used: 31 * 3600,
    what: 'Pro, in the middle of the month',
  },
  {
    name: 'Nearly',
    email: 'nearly@hourglass.local',
    planId: 'free',
    used: 4 * 3600 - THREE_MINUTES,
    what: 'Free, three minutes left',
  },
  { name: 'Admin', email: 'admin@hourglass.local', planId: 'max', used: 0, what: 'Administrator' },
] as const;

/** People to look around as; those who are there already stay as they are. Answers all sign-ins. */
export async function seedDemo(ctx: Ctx): Promise<DemoSignIn[]> {
  for (const { name, email, planId, used } of PEOPLE) {
    const there = await ctx.sql`select 1 from auth_user where email = ${email}`;
    if (there.length > 0) continue;
    const isAdmin = email.startsWith('admin@');
    const { accountId } = await createAccount(ctx, { name, email, planId, isAdmin, password: PASSWORD });
    if (used > 0)
      await adjustAccountUsage(ctx, { actor: 'operator', accountId, seconds: used, reason: 'demo data' });
  }
  return PEOPLE.map(({ email, what }) => ({ email, password: PASSWORD, what }));
}
