import { NEEDS_SECRET, openOperatorContext } from '@/operator/context';
import { type DemoSignIn, seedDemo } from '@/operator/seed-demo';
import { DomainError } from '@/server/errors';

/**
 * Makes the demo accounts in the database of this environment; what is there already stays as it is. Throws
 * INVALID_INPUT without AUTH_SECRET, and where others can reach the app.
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
