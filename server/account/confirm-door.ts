import { randomBytes } from 'node:crypto';
import { APIError, createAuthEndpoint, getSessionFromCtx } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';
import { z } from 'zod';
import { ADDRESS_HEADER } from '../http/address';
import type { Rates } from '../http/rate';
import { type AccessCtx, proveAddress } from './prove-address';
import { forgetSignUp, hasSignedUpHere } from './quiet-sign-up';
import { readConfirmation } from './read-confirmation';
import { refusing } from './refusing';
import type { CallCtx } from './second-factor';

const NEW_PASSWORD_LIFE_MS = 3_600_000;

export type ConfirmAnswer =
  | { outcome: 'confirmed' | 'confirmed_before' | 'signed_in' }
  /** Everything made before has ended, the password included; the token sets a new one. */
  | { outcome: 'taken_over'; newPasswordToken: string };

type DoorDeps = AccessCtx & { rates: Rates };

/**
 * The endpoint that confirms an address, by POST only because mail scanners open every link. From the browser that
 * signed up, or with the password chosen there, it also signs in. With a sign-in of the same user that sign-in and the
 * sessions are kept. Otherwise the account is emptied, because the person who signed up may not be the owner of the
 * address.
 */
export const confirmDoor = (deps: DoorDeps) => ({
  id: 'confirm-address',
  endpoints: {
    confirmAddress: createAuthEndpoint(
      '/confirm-address',
      {
        method: 'POST',
        body: z.object({ token: z.string().max(2_000), password: z.string().max(128).optional() }),
      },
      async (ctx) => {
        const { token, password } = ctx.body;
        const found = await readConfirmation(deps, ctx.context.secret, token);
        if (found.kind === 'invalid') throw NOT_VALID;
        if (found.kind === 'confirmed_before') return ctx.json<ConfirmAnswer>({ outcome: found.kind });
        const { userId } = found;
        const signIn = await getSessionFromCtx(ctx);
        const signInId = signIn?.user.id === userId ? signIn.session.id : undefined;
        const isMaker =
          hasSignedUpHere(deps, ctx.headers?.get('cookie') ?? null, userId) ||
          (password !== undefined && (await needPassword(deps, ctx, { ...found, password })));
        if (!(await proveAddress(deps, { userId, by: 'link', signInId, isMaker })))
          return ctx.json<ConfirmAnswer>({ outcome: 'confirmed_before' });
        if (signInId) return ctx.json<ConfirmAnswer>({ outcome: 'confirmed' });
        if (isMaker) return ctx.json(await signInMaker(ctx, userId));
        const newPasswordToken = randomBytes(24).toString('base64url');
        await ctx.context.internalAdapter.createVerificationValue({
          value: userId,
          identifier: `reset-password:${newPasswordToken}`,
          expiresAt: new Date(deps.clock.now() + NEW_PASSWORD_LIFE_MS),
        });
        return ctx.json<ConfirmAnswer>({ outcome: 'taken_over', newPasswordToken });
      },
    ),
  },
});

type Given = { userId: string; email: string; password: string };

/** Returns true for the user's password. Throws for any other; wrong ones count as attempts to sign in. */
async function needPassword({ rates }: DoorDeps, ctx: CallCtx, given: Given): Promise<true> {
  await refusing(() => rates.takeSignIn(given.email, ctx.headers?.get(ADDRESS_HEADER) ?? 'unknown'));
  const credential = await ctx.context.internalAdapter.findCredentialAccount(given.userId);
  const hash = credential?.password;
  if (!hash || !(await ctx.context.password.verify({ hash, password: given.password }))) throw WRONG_PASSWORD;
  await rates.forgetSignIn(given.email);
  return true;
}

/** Signs in the user who confirmed the account they made; a user with a second factor must give its code first. */
async function signInMaker(ctx: CallCtx, userId: string): Promise<ConfirmAnswer> {
  forgetSignUp(ctx);
  const user = await ctx.context.internalAdapter.findUserById(userId);
  if (!user || (user as { twoFactorEnabled?: boolean }).twoFactorEnabled) return { outcome: 'confirmed' };
  const session = await ctx.context.internalAdapter.createSession(userId);
  await setSessionCookie(ctx, { session, user });
  return { outcome: 'signed_in' };
}

const NOT_VALID = new APIError('BAD_REQUEST', {
  code: 'INVALID_TOKEN',
  message: 'This link is not valid any more. Sign in to have a new one sent.',
});
const WRONG_PASSWORD = new APIError('BAD_REQUEST', {
  code: 'WRONG_PASSWORD',
  message: 'This is not the password that was chosen for this account.',
});
