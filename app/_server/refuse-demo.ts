import { findDemoSignIns } from '@/server/account/demo-people';
import type { Ctx } from '@/server/context';
import { isLoopback } from '@/server/loopback';
import { withTimeout } from '@/server/with-timeout';

/** How long the first answer of the database is waited for before anything is served, and the pause between tries after it. */
const FIRST_LOOK_MS = 5_000;
const PAUSE_MS = 500;

/**
 * Calls `refuse` with a sentence when the app can be reached from outside and a demo account can still sign in with its
 * public password. While the database does not answer nobody can sign in either; it is asked until it does.
 */
export async function refuseDemo(
  ctx: Pick<Ctx, 'env' | 'sql'>,
  refuse: (why: string) => void,
): Promise<void> {
  const { APP_URL } = ctx.env;
  if (isLoopback(APP_URL)) return;
  const look = async (): Promise<void> => {
    const found = await findDemoSignIns(ctx.sql).catch(() => null);
    if (found === null) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
      return look();
    }
    if (found.length > 0) {
      refuse(
        `This database has demo accounts with a public password (${found.join(', ')}) and APP_URL is ${APP_URL}, which is not a loopback address: delete them or change their passwords.`,
      );
    }
  };
  await withTimeout(look(), FIRST_LOOK_MS);
}
