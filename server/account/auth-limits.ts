import { APIError, createAuthMiddleware, getSessionFromCtx } from 'better-auth/api';
import { DomainError } from '../errors';
import { ADDRESS_HEADER } from '../http/address';
import type { Rates } from '../http/rate';
import { cleanName } from '../visible-text';
import type { AccessCtx } from './prove-address';
import { replacePassword } from './replace-password';

/** What is bounded about signing in and up, beside what the library bounds itself. */

const LONGEST_EMAIL = 254;
const LONGEST_NAME = 80;

/** What is kept of a person, from wherever it came: a name of one line that ends, and no picture. Pure. */
export const cleanPerson = <P extends { name?: string; image?: string | null }>(person: P): P => ({
  ...person,
  ...(person.name === undefined ? {} : { name: cleanName(person.name, LONGEST_NAME) }),
  ...(person.image ? { image: null } : {}),
});

/** Before the library does anything: refuses what is too long or too often. */
export const beforeAuth = (rates: Rates) =>
  createAuthMiddleware(async (ctx) => {
    const body = (ctx.body ?? {}) as Record<string, unknown>;
    const email = typeof body.email === 'string' ? body.email : '';
    const address = ctx.headers?.get(ADDRESS_HEADER) ?? 'unknown';
    if (email.length > LONGEST_EMAIL) throw tooLong('An email address', LONGEST_EMAIL);
    if (typeof body.name === 'string' && body.name.trim().length > LONGEST_NAME)
      throw tooLong('A name', LONGEST_NAME);
    if (typeof body.name === 'string' && cleanName(body.name, LONGEST_NAME) === '')
      throw refused('A name must contain something that can be seen.');
    switch (ctx.path) {
      case '/sign-in/email':
        return counted(() => rates.takeSignIn(email, address));
      case '/sign-up/email':
        return counted(() => rates.takeSignUp(address));
      case '/request-password-reset':
      case '/send-verification-email':
        return counted(() => rates.takeEmail(email));
      case '/change-password':
        await countSignedIn(ctx, rates);
        return { context: { body: { ...body, revokeOtherSessions: true } } };
      case '/fresh-sign-in':
        return countSignedIn(ctx, rates);
    }
  });

/** After it: a person who got in has mistyped nothing, and a changed password ends what the old one opened. */
export const afterAuth = (deps: AccessCtx & { rates: Rates }) =>
  createAuthMiddleware(async (ctx) => {
    const made = ctx.context.newSession;
    if (!made) return;
    if (ctx.path === '/sign-in/email') await deps.rates.forgetSignIn(made.user.email);
    if (ctx.path === '/change-password')
      await replacePassword(deps, { userId: made.user.id, by: 'sign-in', keptSignInId: made.session.id });
  });

/** A stolen sign-in may not guess the password either. */
async function countSignedIn(ctx: Parameters<typeof getSessionFromCtx>[0], rates: Rates): Promise<void> {
  const signIn = await getSessionFromCtx(ctx);
  const address = ctx.headers?.get(ADDRESS_HEADER) ?? 'unknown';
  if (signIn) await counted(() => rates.takeSignIn(signIn.user.email, address));
}

async function counted(take: () => Promise<void>): Promise<void> {
  try {
    await take();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const headers = { 'Retry-After': String(error.details.retryAfterSeconds ?? 60) };
    throw new APIError('TOO_MANY_REQUESTS', { code: error.reason, message: error.message }, headers);
  }
}

const refused = (message: string) => new APIError('BAD_REQUEST', { code: 'INVALID_INPUT', message });
const tooLong = (what: string, most: number) => refused(`${what} has ${most} characters at most.`);
