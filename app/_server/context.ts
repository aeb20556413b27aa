import { openContext } from '@/server/compose';
import type { Ctx } from '@/server/context';
import { type Env, readEnv } from '@/server/env';

type Held = { env: Env; ctx: Ctx; close(): Promise<void> };
const store = globalThis as unknown as { hourglassWeb?: Held };

/** Returns the context of this web process, opened on first use and kept across hot reloads. */
export function webContext(): Held {
  if (!store.hourglassWeb) {
    const env = readEnv();
    store.hourglassWeb = { env, ...openContext(env, 'web') };
  }
  return store.hourglassWeb;
}
