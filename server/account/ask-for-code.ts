import { randomBytes } from 'node:crypto';
import { APIError } from 'better-auth/api';
import { deleteSessionCookie } from 'better-auth/cookies';
import type { Ctx } from '../context';
import { localPath } from '../http/local-path';
import type { CallCtx } from './second-factor';

const CHALLENGE_SECONDS = 600;

/**
 * Ends a sign-in that was just made through another service when the user has a second factor, and makes the page ask
 * for the code. The library itself asks for it after passwords only.
 */
export async function askForCode(
  { env, clock }: Pick<Ctx, 'env' | 'clock'>,
  ctx: CallCtx,
  returned: unknown,
): Promise<void> {
  const { newSession, internalAdapter } = ctx.context;
  if (!newSession?.user.twoFactorEnabled) return;
  deleteSessionCookie(ctx, true);
  await internalAdapter.deleteSession(newSession.session.token);
  ctx.context.setNewSession(null);
  const identifier = `2fa-${randomBytes(15).toString('base64url')}`;
  const expiresAt = new Date(clock.now() + CHALLENGE_SECONDS * 1_000);
  await internalAdapter.createVerificationValue({ value: newSession.user.id, identifier, expiresAt });
  await internalAdapter.createVerificationValue({
    value: '0',
    identifier: `2fa-attempts-${identifier}`,
    expiresAt,
  });
  const cookie = ctx.context.createAuthCookie('two_factor', { maxAge: CHALLENGE_SECONDS });
  await ctx.setSignedCookie(cookie.name, identifier, ctx.context.secret, cookie.attributes);
  const goOn = returned instanceof APIError ? new Headers(returned.headers).get('location') : null;
  const next = goOn ? new URL(goOn, env.APP_URL) : null;
  const path = localPath(next ? `${next.pathname}${next.search}` : null) ?? '/dashboard';
  throw ctx.redirect(`${env.APP_URL}/sign-in?step=code&next=${encodeURIComponent(path)}`);
}
