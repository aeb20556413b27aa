import { APIError, createAuthEndpoint, sensitiveSessionMiddleware } from 'better-auth/api';
import { z } from 'zod';
import type { Ctx } from '../context';

/**
 * The endpoint that takes the password of the signed-in user again; for some minutes the sign-in then counts as fresh.
 */
export const freshDoor = ({ sql, rates }: Pick<Ctx, 'sql' | 'rates'>) => ({
  id: 'fresh-sign-in',
  endpoints: {
    freshSignIn: createAuthEndpoint(
      '/fresh-sign-in',
      {
        method: 'POST',
        body: z.object({ password: z.string().max(128) }),
        use: [sensitiveSessionMiddleware],
      },
      async (ctx) => {
        const { user, session } = ctx.context.session;
        const credential = await ctx.context.internalAdapter.findCredentialAccount(user.id);
        const { password } = ctx.body;
        if (
          !credential?.password ||
          !(await ctx.context.password.verify({ hash: credential.password, password }))
        )
          throw WRONG_PASSWORD;
        await sql`update auth_sign_in set proven_at = now() where id = ${session.id}`;
        await rates.forgetSignIn(user.email);
        return ctx.json({ status: true });
      },
    ),
  },
});

const WRONG_PASSWORD = new APIError('BAD_REQUEST', {
  code: 'INVALID_PASSWORD',
  message: 'This is not your password.',
});
