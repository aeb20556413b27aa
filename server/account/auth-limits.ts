import { APIError, createAuthMiddleware, getSessionFromCtx } from 'better-auth/api';
import { ADDRESS_HEADER } from '../http/address';
import type { Rates } from '../http/rate';
import { cleanName } from '../visible-text';
import { askForCode } from './ask-for-code';
import { changeSecondFactor } from './change-second-factor';
import { countSignUp } from './count-sign-up';
import { needFreshSignIn } from './need-fresh-sign-in';
import type { AccessCtx } from './prove-address';
import type { quietSignUp } from './quiet-sign-up';
import { refuseKnownPassword } from './refuse-known-password';
import { refusing } from './refusing';
import { replacePassword } from './replace-password';
import { askedForCode, type CallCtx, cleanCode } from './second-factor';
import type { SignInEmails } from './sign-in-emails';
import { takeCodeOnce } from './take-code-once';

/** Limits of sign-in and sign-up beyond those of the library. */

/** Null when a sign-up signs in at once. */
type Quiet = ReturnType<typeof quietSignUp> | null;

const LONGEST_EMAIL = 254;
const LONGEST_NAME = 80;

/** Returns a user's data as stored: a bounded name of one line, and no picture. Pure. */
export const cleanPerson = <P extends { name?: string; image?: string | null }>(person: P): P => ({
  ...person,
  ...(person.name === undefined ? {} : { name: cleanName(person.name, LONGEST_NAME) }),
  ...(person.image ? { image: null } : {}),
});

/** Runs before the library: refuses input that is too long, and calls that are too frequent. */
export const beforeAuth = (deps: AccessCtx & { rates: Rates }, quiet: Quiet) =>
  createAuthMiddleware(async (ctx) => {
    const { rates, sql } = deps;
    const body = (ctx.body ?? {}) as Record<string, unknown>;
    const email = typeof body.email === 'string' ? body.email : '';
    const address = ctx.headers?.get(ADDRESS_HEADER) ?? 'unknown';
    if (email.length > LONGEST_EMAIL) throw tooLong('An email address', LONGEST_EMAIL);
    if (typeof body.name === 'string' && body.name.trim().length > LONGEST_NAME)
      throw tooLong('A name', LONGEST_NAME);
    if (typeof body.name === 'string' && cleanName(body.name, LONGEST_NAME) === '')
      throw refused('A name must contain a visible character.');
    switch (ctx.path) {
      case '/sign-in/email':
        return refusing(() => rates.takeSignIn(email, address));
      case '/sign-up/email':
        await refusing(() => countSignUp(deps, { email, address }));
        await refuseKnown(body.password);
        if (quiet) await refusing(() => rates.takeEmail(email));
        return quiet?.begin(ctx);
      case '/request-password-reset':
      case '/send-verification-email':
        return refusing(() => rates.takeEmail(email));
      case '/change-password':
        await countSignedIn(ctx, rates);
        await refuseKnown(body.newPassword);
        return { context: { body: { ...body, revokeOtherSessions: true } } };
      case '/reset-password':
        return refuseKnown(body.newPassword);
      case '/fresh-sign-in':
        return countSignedIn(ctx, rates);
      case '/new-address':
        return needFresh(ctx, sql);
      case '/two-factor/enable':
      case '/two-factor/disable':
      case '/two-factor/generate-backup-codes':
        await countSignedIn(ctx, rates);
        return needFresh(ctx, sql);
      case '/two-factor/verify-totp':
      case '/two-factor/verify-backup-code': {
        const userId = await askedForCode(ctx);
        if (userId) await refusing(() => rates.takeSignIn(secondFactorOf(userId), address));
        const given = cleanCode(body);
        if (userId && ctx.path === '/two-factor/verify-totp') await takeCodeOnce(deps, userId, given.code);
        return { context: { body: given } };
      }
    }
  });

/**
 * Runs after the library: a successful sign-in resets its attempts, and a changed password ends keys and other
 * sign-ins.
 */
export const afterAuth = (deps: AccessCtx & { rates: Rates }, messages: SignInEmails, quiet: Quiet) =>
  createAuthMiddleware(async (ctx) => {
    if (ctx.path?.startsWith('/callback/')) return askForCode(deps, ctx, ctx.context.returned);
    if (ctx.context.returned instanceof APIError) return;
    if (quiet && ctx.path === '/sign-up/email') return quiet.answer(ctx, ctx.context.returned);
    const asking = ctx.context.session?.user;
    if (asking && ctx.path === '/two-factor/generate-backup-codes')
      await changeSecondFactor(deps, { userId: asking.id, change: 'renewCodes' });
    if (asking && ctx.path === '/two-factor/disable') {
      await changeSecondFactor(deps, { userId: asking.id, change: 'remove' });
      messages.secondFactorRemoved(asking.email);
    }
    const made = ctx.context.newSession;
    if (!made) return;
    if (ctx.path?.startsWith('/two-factor/verify-'))
      await deps.rates.forgetSignIn(secondFactorOf(made.user.id));
    if (ctx.path === '/sign-in/email') await deps.rates.forgetSignIn(made.user.email);
    if (ctx.path === '/change-password')
      await replacePassword(deps, { userId: made.user.id, by: 'sign-in', keptSignInId: made.session.id });
  });

/** Returns the key under which attempts at a user's second factor are counted. */
const secondFactorOf = (userId: string): string => `second-factor:${userId}`;

/** Requires a fresh sign-in, so that a stolen one cannot lock the owner out. */
async function needFresh(ctx: CallCtx, sql: AccessCtx['sql']): Promise<void> {
  const signIn = await getSessionFromCtx(ctx);
  if (signIn) await refusing(() => needFreshSignIn({ sql }, signIn.session.id));
}

/** Counts the call as an attempt to sign in, so that a stolen sign-in cannot guess the password. */
async function countSignedIn(ctx: CallCtx, rates: Rates): Promise<void> {
  const signIn = await getSessionFromCtx(ctx);
  const address = ctx.headers?.get(ADDRESS_HEADER) ?? 'unknown';
  if (signIn) await refusing(() => rates.takeSignIn(signIn.user.email, address));
}

const refuseKnown = (password: unknown) =>
  refusing(async () => {
    if (typeof password === 'string') await refuseKnownPassword(password);
  });

const refused = (message: string) => new APIError('BAD_REQUEST', { code: 'INVALID_INPUT', message });
const tooLong = (what: string, most: number) => refused(`${what} can have at most ${most} characters.`);
