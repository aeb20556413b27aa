import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { authIdentity, authSignIn, authUser, authVerification } from '@/db/schema/auth';
import { openAccount } from './account/open-account';
import type { Ctx } from './context';
import { writeLetter } from './mail/letter';
import type { Mail } from './mail/send';

export type AuthDeps = Pick<Ctx, 'env' | 'sql' | 'db' | 'clock' | 'log'> & { mail: Mail };

/** Sign-in by e-mail and password, and by GitHub when it is configured. Every new person gets one billing account. */
export function makeAuth(deps: AuthDeps) {
  const { env, db, mail, log } = deps;
  const sendLetter = (to: string, subject: string, paragraph: string, label: string, url: string) =>
    mail
      .send(writeLetter({ to, subject, paragraphs: [paragraph], action: { label, url }, footnote: NOT_YOU }))
      .catch((error) => log.error({ err: error, subject }, 'a letter could not be sent'));
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
    session: { expiresIn: 30 * 86_400, updateAge: 86_400 },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: 8,
      maxPasswordLength: 128,
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: async ({ user, url }) => {
        await sendLetter(user.email, 'Choose a new password', 'Somebody asked for a new password for this address. The link works for one hour.', 'Choose a new password', url);
      },
    },
    emailVerification: {
      sendOnSignUp: true,
      autoSignInAfterVerification: true,
      sendVerificationEmail: async ({ user, url }) => {
        await sendLetter(user.email, 'Confirm your address', 'Welcome to Hourglass. Confirm this address, so that a lost password can be replaced and news about your quota arrives.', 'Confirm my address', url);
      },
    },
    socialProviders:
      env.AUTH_GITHUB_ID && env.AUTH_GITHUB_SECRET
        ? { github: { clientId: env.AUTH_GITHUB_ID, clientSecret: env.AUTH_GITHUB_SECRET } }
        : {},
    // Wrong passwords are slowed down for each address; the database keeps the count no process can lose.
    rateLimit: {
      enabled: true,
      window: 60,
      max: 300,
      customRules: {
        '/sign-in/email': { window: 60, max: 10 },
        '/sign-up/email': { window: 60, max: 10 },
        '/request-password-reset': { window: 60, max: 5 },
      },
    },
    advanced: {
      cookiePrefix: 'hourglass',
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', secure: env.APP_URL.startsWith('https:') },
    },
    databaseHooks: {
      user: {
        create: {
          before: async (user) => ({ data: { ...user, email: user.email.trim().toLowerCase() } }),
          after: async (user) => {
            await openAccount(deps, { userId: user.id, name: user.name || user.email });
          },
        },
      },
    },
    logger: { disabled: true },
  });
}

const NOT_YOU = 'If you did not ask for this, nothing has changed and you can ignore this letter.';

export type Auth = ReturnType<typeof makeAuth>;
