import { randomBytes } from 'node:crypto';
import { APIError, createAuthEndpoint, getSessionFromCtx } from 'better-auth/api';
import { z } from 'zod';
import { type AccessCtx, proveAddress } from './prove-address';
import { readConfirmation } from './read-confirmation';

const NEW_PASSWORD_LIFE_MS = 3_600_000;

export type ConfirmAnswer =
  | { outcome: 'confirmed' | 'confirmed_before' }
  /** Everything made before has ended, the password included: here a new one is chosen. */
  | { outcome: 'taken_over'; newPasswordToken: string };

/**
 * Confirms an address by a POST alone: mail scanners open every link. With a sign-in of the same person everything stays;
 * without one the account is handed over empty, since whoever signed up need not be whoever reads the mail.
 */
export const confirmDoor = (deps: AccessCtx) => ({
  id: 'confirm-address',
  endpoints: {
    confirmAddress: createAuthEndpoint(
      '/confirm-address',
      { method: 'POST', body: z.object({ token: z.string().max(2_000) }) },
      async (ctx) => {
        const found = await readConfirmation(deps, ctx.context.secret, ctx.body.token);
        if (found.kind === 'invalid') throw NOT_VALID;
        if (found.kind === 'confirmed_before') return ctx.json<ConfirmAnswer>({ outcome: found.kind });
        const { userId } = found;
        const signIn = await getSessionFromCtx(ctx);
        const signInId = signIn?.user.id === userId ? signIn.session.id : undefined;
        if (!(await proveAddress(deps, { userId, by: 'link', signInId })))
          return ctx.json<ConfirmAnswer>({ outcome: 'confirmed_before' });
        if (signInId) return ctx.json<ConfirmAnswer>({ outcome: 'confirmed' });
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

const NOT_VALID = new APIError('BAD_REQUEST', {
  code: 'INVALID_TOKEN',
  message: 'This link is not valid any more. Ask for a new one under Settings.',
});
