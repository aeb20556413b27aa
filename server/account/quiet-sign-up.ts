import { BASE_ERROR_CODES } from 'better-auth';
import { APIError, createEmailVerificationToken } from 'better-auth/api';
import type { Row } from '@/db/rows';
import type { authUser } from '@/db/schema/auth';
import type { Ctx } from '../context';
import { localPath } from '../http/local-path';
import type { Rates } from '../http/rate';
import { signingSecrets } from '../signing-secrets';
import { readSignedCookie } from './resign-cookies';
import type { CallCtx } from './second-factor';
import type { SignInEmails } from './sign-in-emails';

/** How long the link in the email works, and the cookie of the browser that signed up lasts. */
const LINK_SECONDS = 3_600;

/** Shortest answer to a sign-up, because creating an account takes longer than finding one. */
const MIN_ANSWER_MS = 500;

/**
 * The cookie of the browser that signed up; its value is the user's id. For an address with an account it matches no
 * user.
 */
const SIGN_UP_COOKIE = 'sign_up';

type QuietDeps = Pick<Ctx, 'sql' | 'env' | 'log'> & { rates: Rates };

/**
 * Whether sign-up and sign-in hide which addresses have an account: no one is signed in before following the link in
 * the email.
 */
export const isQuiet = (env: Ctx['env']): boolean => env.CONFIRMED_EMAIL === 'required';

/** Returns the hooks that answer a sign-up the same way whether or not the address has an account. */
export function quietSignUp() {
  const begunAt = new WeakMap<Request, number>();
  return {
    begin: ({ request }: CallCtx): void => void (request && begunAt.set(request, performance.now())),
    async answer(ctx: CallCtx, returned: unknown): Promise<object> {
      const begun = ctx.request && begunAt.get(ctx.request);
      const leftMs = begun === undefined ? 0 : begun + MIN_ANSWER_MS - performance.now();
      if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
      const { user } = returned as { user: { id: string } };
      const cookie = ctx.context.createAuthCookie(SIGN_UP_COOKIE, { maxAge: LINK_SECONDS });
      await ctx.setSignedCookie(cookie.name, user.id, ctx.context.secret, cookie.attributes);
      return { status: 'confirm_address' };
    },
  };
}

/** Whether the browser that sends these cookies signed up as this user. */
export const hasSignedUpHere = (ctx: Pick<Ctx, 'env'>, cookies: string | null, userId: string): boolean =>
  readSignedCookie(ctx, cookies, SIGN_UP_COOKIE) === userId;

/** Deletes the cookie, which is no longer needed. */
export function forgetSignUp(ctx: CallCtx): void {
  const cookie = ctx.context.createAuthCookie(SIGN_UP_COOKIE);
  ctx.setCookie(cookie.name, '', { ...cookie.attributes, maxAge: 0 });
}

/**
 * Refuses a sign-in with the password of an unconfirmed address exactly like a wrong password, and sends the email
 * again. Otherwise signing up and then signing in would reveal whether an address had an account before.
 */
export async function refuseUnconfirmed(deps: QuietDeps, messages: SignInEmails, userId: string) {
  const [person] = await deps.sql<Pick<Row<typeof authUser>, 'email' | 'email_verified'>[]>`
    select email, email_verified from auth_user where id = ${userId}`;
  if (!person || person.email_verified) return;
  const mayAsk = await deps.rates.takeEmail(person.email).then(
    () => true,
    () => false,
  );
  if (mayAsk) await sendLink(deps, messages, { id: userId, email: person.email });
  throw APIError.from('UNAUTHORIZED', BASE_ERROR_CODES.INVALID_EMAIL_OR_PASSWORD);
}

/**
 * Tells the owner of an address by email that someone signed up with it; an unconfirmed address gets its link again.
 */
export async function tellOwner(
  deps: Pick<Ctx, 'env'>,
  messages: SignInEmails,
  person: { id: string; email: string; emailVerified: boolean },
): Promise<void> {
  if (person.emailVerified) messages.hasAccount(person.email);
  else await sendLink(deps, messages, person);
}

async function sendLink(
  { env }: Pick<Ctx, 'env'>,
  messages: SignInEmails,
  { id: userId, email }: { id: string; email: string },
): Promise<void> {
  const [secret] = signingSecrets(env.AUTH_SECRET);
  const token = await createEmailVerificationToken(secret, email, undefined, LINK_SECONDS, { userId });
  messages.confirmAddress(email, token);
}

/** Returns the path to open after confirming, taken from the library's link; null for the dashboard. */
export function goOnOf(url: string): string | null {
  const path = localPath(new URL(url).searchParams.get('callbackURL'));
  return path === null || path === '/' || path === '/dashboard' ? null : path;
}
