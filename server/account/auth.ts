import { type BetterAuthOptions, betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { authIdentity, authSignIn, authUser, authVerification } from '@/db/schema/auth';
import type { Ctx } from '../context';
import { ADDRESS_HEADER } from '../http/address';
import type { Mail } from '../mail/send';
import { writeEmail } from '../mail/write-email';
import { afterAuth, beforeAuth, cleanPerson } from './auth-limits';
import { confirmDoor } from './confirm-door';
import { freshDoor } from './fresh-door';
import { keepFewSignIns } from './keep-few-sign-ins';
import { openAccount } from './open-account';
import { proveAddress } from './prove-address';
import { replacePassword } from './replace-password';

export type AuthDeps = Pick<Ctx, 'env' | 'sql' | 'db' | 'clock' | 'log' | 'rates' | 'jobs'> & { mail: Mail };

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/**
 * The library counts in this process and only forgets after a quiet minute, so a busy office would never sign in again:
 * signing in and up is counted by `beforeAuth` alone, for all processes together. Emails are asked for rarely.
 */
const TRIES = {
  '/sign-in/email': false,
  '/sign-up/email': false,
  '/request-password-reset': { window: 60, max: 5 },
  '/send-verification-email': { window: 60, max: 5 },
} as const;

/** What the library offers and no page of ours needs: a door less each. */
const UNUSED = [
  // Confirms by being opened, as every mail scanner does: `confirmDoor` stands in its place.
  '/verify-email',
  '/verify-password',
  // Their answers hold what makes each sign-in valid, and ends would not be recorded: `signIn.list` and `signIn.end` do it.
  '/list-sessions',
  '/revoke-session',
  '/revoke-sessions',
  '/revoke-other-sessions',
  '/update-session',
  '/link-social',
  '/unlink-account',
  '/list-accounts',
  '/account-info',
  '/get-access-token',
  '/refresh-token',
];

/** Sign-in by email and password, and by GitHub when it is configured. Every new person gets one billing account. */
export function makeAuth(deps: AuthDeps) {
  const { env, db } = deps;
  const messages = signInEmails(deps);
  return betterAuth({
    appName: 'Hourglass',
    baseURL: env.APP_URL,
    secret: env.AUTH_SECRET,
    trustedOrigins: [new URL(env.APP_URL).origin],
    telemetry: { enabled: false },
    database: drizzleAdapter(db, {
      provider: 'pg',
      schema: { user: authUser, session: authSignIn, account: authIdentity, verification: authVerification },
    }),
    user: { additionalFields: { role: { type: 'string', input: false, defaultValue: 'user' } } },
    session: { expiresIn: 30 * DAY_SECONDS, updateAge: HOUR_SECONDS },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: 8,
      maxPasswordLength: 128,
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: async ({ user, url }) => messages.newPassword(user.email, url),
      onPasswordReset: async ({ user }) => {
        await replacePassword(deps, { userId: user.id, by: 'email' });
        // Whoever reads the email is the owner: guesses of others do not keep them out any longer.
        await deps.rates.forgetSignIn(user.email);
      },
    },
    emailVerification: {
      sendOnSignUp: true,
      sendVerificationEmail: async ({ user, token }) => messages.confirmAddress(user.email, token),
    },
    // A copy of the table opens no account.
    verification: { storeIdentifier: 'hashed' },
    plugins: [confirmDoor(deps), freshDoor(deps)],
    socialProviders: githubOf(env),
    // Somebody else may have made an account for this address before: it is not opened to them by our GitHub sign-in.
    account: { encryptOAuthTokens: true, accountLinking: { disableImplicitLinking: true } },
    onAPIError: { errorURL: `${env.APP_URL}/sign-in` },
    disabledPaths: UNUSED,
    rateLimit: { enabled: true, window: 60, max: 300, customRules: TRIES },
    advanced: {
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] },
      cookiePrefix: 'hourglass',
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', secure: env.APP_URL.startsWith('https:') },
    },
    hooks: { before: beforeAuth(deps.rates), after: afterAuth(deps) },
    databaseHooks: hooksOf(deps),
    logger: { disabled: true },
  });
}

export type Auth = ReturnType<typeof makeAuth>;

/** One billing account for each new person, names of one line, few sign-ins, and the first proof of an address. */
function hooksOf(deps: AuthDeps): BetterAuthOptions['databaseHooks'] {
  return {
    user: {
      create: {
        before: async (user) => ({
          data: cleanPerson({ ...user, email: user.email.trim().toLowerCase() }),
        }),
        after: async (user) => {
          await openAccount(deps, { userId: user.id, name: user.name || user.email });
        },
      },
      update: {
        before: async (user) => ({ data: cleanPerson(user) }),
        after: async (user, call) => {
          // The library updates a person on their way back from GitHub only to confirm the address.
          if (call?.path?.startsWith('/callback/') && user.emailVerified)
            await proveAddress(deps, { userId: user.id, by: 'identity' });
        },
      },
    },
    session: { create: { after: async ({ userId }) => keepFewSignIns(deps, userId) } },
  };
}

function githubOf(env: AuthDeps['env']) {
  const { AUTH_GITHUB_ID: clientId, AUTH_GITHUB_SECRET: clientSecret } = env;
  return clientId && clientSecret ? { github: { clientId, clientSecret } } : {};
}

const NOT_YOU = 'If you did not ask for this, nothing has changed and you can ignore this email.';

/**
 * The emails of sign-in. A mail server that is away is logged and never stops a sign-up. Nobody waits for it: how long an
 * answer takes would tell whether there is an email, and with it whether an address is known.
 */
function signInEmails({ mail, log, env }: AuthDeps) {
  const send = (to: string, subject: string, paragraph: string, url: string): void =>
    void mail
      .send(
        writeEmail({
          to,
          subject,
          paragraphs: [paragraph],
          action: { label: subject, url },
          footnote: NOT_YOU,
        }),
      )
      .catch((error) => log.error({ err: error, subject }, 'an email could not be sent'));
  return {
    newPassword: (to: string, url: string) =>
      send(
        to,
        'Choose a new password',
        'Somebody asked for a new password for this address. The link works for one hour. A new password ends all API keys and sign-ins made before.',
        url,
      ),
    confirmAddress: (to: string, token: string) =>
      send(
        to,
        'Confirm your address',
        'Welcome to Hourglass. Confirm this address to start sessions and make API keys. The link works for one hour.',
        `${env.APP_URL}/confirm-address?token=${token}`,
      ),
  };
}
