import { type BetterAuthOptions, betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { authIdentity, authSecondFactor, authSignIn, authUser, authVerification } from '@/db/schema/auth';
import type { Ctx } from '../context';
import { ADDRESS_HEADER } from '../http/address';
import type { Mail } from '../mail/send';
import { afterAuth, beforeAuth, cleanPerson } from './auth-limits';
import { authSecrets } from './auth-secrets';
import { changeSecondFactor } from './change-second-factor';
import { confirmDoor } from './confirm-door';
import { countSignUp } from './count-sign-up';
import { freshDoor } from './fresh-door';
import { keepFewSignIns } from './keep-few-sign-ins';
import { newAddressDoor } from './new-address-door';
import { openAccount } from './open-account';
import { proveAddress } from './prove-address';
import { goOnOf, isQuiet, quietSignUp, refuseUnconfirmed, tellOwner } from './quiet-sign-up';
import { MIN_PASSWORD_LENGTH } from './refuse-known-password';
import { refusing } from './refusing';
import { replacePassword } from './replace-password';
import { secondFactor, UNUSED_OF_SECOND_FACTOR } from './second-factor';
import { type SignInEmails, signInEmails } from './sign-in-emails';
import { REFRESH_AFTER_HOURS, SIGN_IN_DAYS } from './sign-in-life';

export type AuthDeps = Pick<Ctx, 'env' | 'sql' | 'db' | 'clock' | 'log' | 'rates' | 'jobs'> & { mail: Mail };

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/**
 * The library's limiter counts per process and resets only after a quiet minute, which would lock out a busy office.
 * `beforeAuth` limits sign-in and sign-up across processes; requests for emails are rare enough for it.
 */
const TRIES = {
  '/sign-in/email': false,
  '/sign-up/email': false,
  '/request-password-reset': { window: 60, max: 5 },
  '/send-verification-email': { window: 60, max: 5 },
  '/two-factor/*': false,
} as const;

/** Endpoints of the library that are closed, because no page uses them. */
const UNUSED = [
  // Confirms when opened, which mail scanners do: `confirmDoor` replaces it.
  '/verify-email',
  // Does not inform the old address, and reveals whether the new one has an account: `newAddressDoor` replaces it.
  '/change-email',
  '/verify-password',
  // Their answers contain the tokens of sign-ins, and they record no ends: `signIn.list` and `signIn.end` replace them.
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
  ...UNUSED_OF_SECOND_FACTOR,
];

/**
 * Returns the sign-in library: email and password, and GitHub when configured. Every new user gets one billing account.
 */
export function makeAuth(deps: AuthDeps) {
  const { env, db } = deps;
  const messages = signInEmails(deps);
  const quiet = isQuiet(env) ? quietSignUp() : null;
  return betterAuth({
    appName: 'Hourglass',
    baseURL: env.APP_URL,
    ...authSecrets(env.AUTH_SECRET),
    trustedOrigins: [new URL(env.APP_URL).origin],
    telemetry: { enabled: false },
    database: drizzleAdapter(db, {
      provider: 'pg',
      schema: {
        user: authUser,
        session: authSignIn,
        account: authIdentity,
        verification: authVerification,
        twoFactor: authSecondFactor,
      },
    }),
    user: { additionalFields: { role: { type: 'string', input: false, defaultValue: 'user' } } },
    session: { expiresIn: SIGN_IN_DAYS * DAY_SECONDS, updateAge: REFRESH_AFTER_HOURS * HOUR_SECONDS },
    emailAndPassword: passwordsOf(deps, messages),
    emailVerification: {
      sendOnSignUp: true,
      sendVerificationEmail: async ({ user, token, url }) =>
        messages.confirmAddress(user.email, token, goOnOf(url)),
    },
    // A leaked copy of the table must not give access to any account.
    verification: { storeIdentifier: 'hashed' },
    plugins: [confirmDoor(deps), freshDoor(deps), newAddressDoor(deps, messages), secondFactor()],
    socialProviders: githubOf(env),
    // Another person may have made an account for this address, so a sign-in with GitHub does not open it.
    account: { encryptOAuthTokens: true, accountLinking: { disableImplicitLinking: true } },
    // A defect is thrown to the route. Otherwise the library prints it to the console, with the values of its statement.
    onAPIError: { errorURL: `${env.APP_URL}/sign-in`, throw: true },
    disabledPaths: UNUSED,
    rateLimit: { enabled: true, window: 60, max: 300, customRules: TRIES },
    advanced: {
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] },
      cookiePrefix: 'hourglass',
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', secure: env.APP_URL.startsWith('https:') },
    },
    hooks: { before: beforeAuth(deps, quiet), after: afterAuth(deps, messages, quiet) },
    databaseHooks: hooksOf(deps, messages),
    logger: { disabled: true },
  });
}

export type Auth = ReturnType<typeof makeAuth>;

/** Returns the settings of passwords and of their replacement. */
function passwordsOf(deps: AuthDeps, messages: SignInEmails): BetterAuthOptions['emailAndPassword'] {
  return {
    enabled: true,
    // Signing in at once would reveal that the address had no account.
    autoSignIn: !isQuiet(deps.env),
    onExistingUserSignUp: ({ user }) => tellOwner(deps, messages, user),
    minPasswordLength: MIN_PASSWORD_LENGTH,
    maxPasswordLength: 128,
    revokeSessionsOnPasswordReset: true,
    sendResetPassword: async ({ user, url }) => messages.newPassword(user.email, url),
    onPasswordReset: async ({ user }) => {
      await replacePassword(deps, { userId: user.id, by: 'email' });
      // The reader of the email is the owner, so attempts by others must not lock them out.
      await deps.rates.forgetSignIn(user.email);
    },
  };
}

/**
 * Returns the hooks that open a billing account for each new user, clean names, limit sign-ins, and record the first
 * proof of an address.
 */
function hooksOf(deps: AuthDeps, messages: SignInEmails): BetterAuthOptions['databaseHooks'] {
  return {
    user: {
      create: {
        before: async (user, call) => {
          // Sign-ups with a password are counted before the library, whether or not the address has an account.
          const address = call?.headers?.get(ADDRESS_HEADER) ?? 'unknown';
          if (call?.path?.startsWith('/callback/'))
            await refusing(() => countSignUp(deps, { email: user.email, address }));
          return { data: cleanPerson({ ...user, email: user.email.trim().toLowerCase() }) };
        },
        after: async (user) => {
          await openAccount(deps, { userId: user.id, name: user.name || user.email });
        },
      },
      update: {
        before: async (user) => ({ data: cleanPerson(user) }),
        after: async (user, call) => {
          // On the way back from GitHub the library updates a user only to confirm the address.
          if (call?.path?.startsWith('/callback/') && user.emailVerified)
            await proveAddress(deps, { userId: user.id, by: 'identity' });
          // On this path the library updates a user only after the first correct code.
          if (call?.path === '/two-factor/verify-totp' && user.twoFactorEnabled)
            await changeSecondFactor(deps, {
              userId: user.id,
              change: 'add',
              keptSignInId: call.context.session?.session.id,
            });
        },
      },
    },
    session: {
      create: {
        before: async ({ userId }, call) => {
          if (call?.path === '/sign-in/email' && isQuiet(deps.env))
            await refuseUnconfirmed(deps, messages, userId);
        },
        after: async ({ userId }) => keepFewSignIns(deps, userId),
      },
    },
  };
}

function githubOf(env: AuthDeps['env']) {
  const { AUTH_GITHUB_ID: clientId, AUTH_GITHUB_SECRET: clientSecret } = env;
  return clientId && clientSecret ? { github: { clientId, clientSecret } } : {};
}
