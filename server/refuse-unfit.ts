import { withTimeout } from './with-timeout';

/** How long serving waits for the first answer of the database, and the pause between attempts after it. */
const FIRST_LOOK_MS = 5_000;
const PAUSE_MS = 500;

/** Returns a sentence saying why this process must not serve, or null. Throws while the database does not answer. */
export type Look = () => Promise<string | null>;

/**
 * Calls `refuse` with the first reason not to serve. While the database does not answer, nothing can be granted, so the
 * look is repeated until it answers. Resolves after the first answer, or after 5 s.
 */
export async function refuseUnfit(looks: Look[], refuse: (why: string) => void): Promise<void> {
  const lookUntilKnown = async (look: Look): Promise<void> => {
    for (;;) {
      const found = await look().catch(() => undefined);
      if (typeof found === 'string') return refuse(found);
      if (found === null) return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
    }
  };
  await withTimeout(Promise.all(looks.map(lookUntilKnown)), FIRST_LOOK_MS);
}
