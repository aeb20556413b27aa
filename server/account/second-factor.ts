import { APIError, getSessionFromCtx } from 'better-auth/api';
import { type TwoFactorOptions, twoFactor } from 'better-auth/plugins/two-factor';

export type CallCtx = Parameters<typeof getSessionFromCtx>[0];

const OPTIONS = {
  // Who signs in elsewhere has no password here; the sign-in is fresh either way.
  allowPasswordless: true,
} satisfies TwoFactorOptions;

/** Six digits of an authenticator app, or a recovery code, beside the password. */
export const secondFactor = () => twoFactor(OPTIONS);

/** Codes by email or phone, trusted browsers, and the secret shown a second time: a door less each. */
export const UNUSED_OF_SECOND_FACTOR = [
  '/two-factor/send-otp',
  '/two-factor/verify-otp',
  '/two-factor/get-totp-uri',
];

/** Who is asked for a code: whoever gave the password a moment ago, or is signed in. Null for nobody. */
export async function askedForCode(ctx: CallCtx): Promise<string | null> {
  const signIn = await getSessionFromCtx(ctx);
  if (signIn) return signIn.user.id;
  const { name } = ctx.context.createAuthCookie('two_factor');
  const challenge = await ctx.getSignedCookie(name, ctx.context.secret);
  if (!challenge) return null;
  return (await ctx.context.internalAdapter.findVerificationValue(challenge))?.value ?? null;
}

/** A code as people type it, and nothing that asks to be trusted. */
export function cleanCode(body: Record<string, unknown>) {
  if (typeof body.code !== 'string' || body.code.length > 40)
    throw new APIError('BAD_REQUEST', { code: 'INVALID_INPUT', message: 'Enter the code.' });
  return { code: body.code.replace(/\s/g, ''), trustDevice: false, disableSession: false };
}
