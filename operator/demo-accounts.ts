import { NEEDS_SECRET, openOperatorContext } from '@/operator/context';
import { type DemoSignIn, seedDemo } from '@/operator/seed-demo';
import { DomainError } from '@/server/errors';

/**
 * Creates the demo accounts in the database of this environment; existing ones are left unchanged. Returns all demo
 * sign-ins. Throws INVALID_INPUT without AUTH_SECRET, and when APP_URL is not a loopback address.
 */
export async function makeDemoAccounts(env: Record<string, string | undefined>): Promise<DemoSignIn[]> {
  if (!env.AUTH_SECRET) throw new DomainError('INVALID_INPUT', NEEDS_SECRET);
  const { ctx, close } = openOperatorContext(env);
  try {
    return await seedDemo(ctx);
  } finally {
    await close();
  }
}
