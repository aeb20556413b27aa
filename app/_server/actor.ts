import { type Auth, makeAuth } from '@/server/account/auth';
import { findActor } from '@/server/account/find-actor';
import type { Actor } from '@/server/context';
import { openMail } from '@/server/mail/send';
import { webContext } from './context';

const store = globalThis as unknown as { hourglassAuth?: Auth };

/** Returns the sign-in library of this web process. */
export function webAuth(): Auth {
  if (!store.hourglassAuth) {
    const { ctx, env } = webContext();
    store.hourglassAuth = makeAuth({ ...ctx, mail: openMail(env, ctx.log) });
  }
  return store.hourglassAuth;
}

/** Returns the caller of a request, or null. Throws UNAUTHORIZED for an invalid API key. */
export const actorOf = (headers: Headers): Promise<Actor | null> =>
  findActor(webContext().ctx, webAuth(), headers);
