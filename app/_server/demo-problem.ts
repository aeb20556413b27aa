import { findDemoSignIns } from '@/server/account/demo-people';
import type { Ctx } from '@/server/context';
import { isLoopback } from '@/server/loopback';

/**
 * Returns a sentence when the app is reachable from outside and a demo account can sign in with its public password,
 * else null. Throws while the database does not answer.
 */
export async function demoProblem({ env, sql }: Pick<Ctx, 'env' | 'sql'>): Promise<string | null> {
  if (isLoopback(env.APP_URL)) return null;
  const found = await findDemoSignIns(sql);
  return found.length > 0
    ? `This database has demo accounts with a public password (${found.join(', ')}) and APP_URL is ${env.APP_URL}, which is not a loopback address: delete them or change their passwords.`
    : null;
}
