import { verifyPassword } from 'better-auth/crypto';
import type { Sql } from '@/db/client';

/** Public: every reader of this repository knows it. */
export const DEMO_PASSWORD = 'hourglass-demo';
const THREE_MINUTES = 180;

export const DEMO_PEOPLE = [
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

/** Returns the demo addresses that can still sign in with the demo password. */
export async function findDemoSignIns(sql: Sql): Promise<string[]> {
  const emails = DEMO_PEOPLE.map(({ email }) => email);
  const rows = await sql<{ email: string; password: string }[]>`
    select u.email, i.password from auth_user u join auth_identity i on i.user_id = u.id
    where u.email = any(${emails}) and i.provider_id = 'credential' and i.password is not null
    order by u.email`;
  const open = await Promise.all(
    rows.map(async ({ email, password }) =>
      (await verifyPassword({ hash: password, password: DEMO_PASSWORD })) ? [email] : [],
    ),
  );
  return open.flat();
}
