import { APIError, getSessionFromCtx } from 'better-auth/api';
import { type TwoFactorOptions, twoFactor } from 'better-auth/plugins/two-factor';

export type CallCtx = Parameters<typeof getSessionFromCtx>[0];

const OPTIONS = {
  // Users of another sign-in service have no password here; changes need a fresh sign-in either way.
  allowPasswordless: true,
} satisfies TwoFactorOptions;

/** The library's plugin for six digits of an authenticator app, or a recovery code, beside the password. */
export const secondFactor = () => twoFactor(OPTIONS);

/** Endpoints that are closed because no page uses them: codes by email or phone, and reading the secret again. */
export const UNUSED_OF_SECOND_FACTOR = [
  '/two-factor/send-otp',
  '/two-factor/verify-otp',
  '/two-factor/get-totp-uri',
];

/** Returns the user who is asked for a code: one who has just given the password, or is signed in. Null for none. */
export async function askedForCode(ctx: CallCtx): Promise<string | null> {
  const signIn = await getSessionFromCtx(ctx);
  if (signIn) return signIn.user.id;
  const { name } = ctx.context.createAuthCookie('two_factor');
  const challenge = await ctx.getSignedCookie(name, ctx.context.secret);
  if (!challenge) return null;
  return (await ctx.context.internalAdapter.findVerificationValue(challenge))?.value ?? null;
}

/** Returns the body with the code without spaces, and without a request to trust the browser. */
export function cleanCode(body: Record<string, unknown>) {
  if (typeof body.code !== 'string' || body.code.length > 40)
    throw new APIError('BAD_REQUEST', { code: 'INVALID_INPUT', message: 'Enter the code.' });
  return { code: body.code.replace(/\s/g, ''), trustDevice: false, disableSession: false };
}
