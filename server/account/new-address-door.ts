import { APIError, createAuthEndpoint, getSessionFromCtx, sensitiveSessionMiddleware } from 'better-auth/api';
import { z } from 'zod';
import type { Ctx } from '../context';
import { changeAddress } from './change-address';
import { type OpenMove, readMove, signMove } from './new-address';
import type { AccessCtx } from './prove-address';
import { refuseThrowAway } from './refuse-throw-away';
import { refusing } from './refusing';
import type { SignInEmails } from './sign-in-emails';

export type MoveAnswer = { outcome: 'sent' | 'changed' };

type DoorDeps = AccessCtx & Pick<Ctx, 'rates'>;

/**
 * The endpoints that change an address: requested while signed in, confirmed by the old address, proven by the new one.
 */
export const newAddressDoor = (deps: DoorDeps, messages: SignInEmails) => ({
  id: 'new-address',
  endpoints: {
    askNewAddress: createAuthEndpoint(
      '/new-address',
      {
        method: 'POST',
        body: z.object({ email: z.string().trim().toLowerCase().pipe(z.email()) }),
        use: [sensitiveSessionMiddleware],
      },
      async (ctx) => {
        const { id: userId, email, emailVerified } = ctx.context.session.user;
        const move = { userId, email, newEmail: ctx.body.email };
        if (move.newEmail === email) throw SAME;
        await refusing(() => refuseThrowAway(move.newEmail));
        await refusing(() => deps.rates.takeEmail(email));
        // An address that was never confirmed cannot confirm anything, so the new one alone has to be proven.
        if (emailVerified)
          messages.confirmMove(email, move.newEmail, await signMove(ctx.context.secret, move, 'confirm'));
        else await askToProve(deps, messages, ctx.context.secret, move);
        return ctx.json({ status: true });
      },
    ),
    confirmNewAddress: createAuthEndpoint(
      '/confirm-new-address',
      { method: 'POST', body: z.object({ token: z.string().max(3_000) }) },
      async (ctx) => {
        const move = await readMove(deps, ctx.context.secret, ctx.body.token);
        if (move.kind === 'invalid') throw NOT_VALID;
        if (move.step === 'confirm') {
          await askToProve(deps, messages, ctx.context.secret, move);
          return ctx.json<MoveAnswer>({ outcome: 'sent' });
        }
        const signIn = await getSessionFromCtx(ctx);
        // The reader of the new address may be another person than the caller: without a sign-in of the account, one of
        // them would get the other's account.
        if (signIn?.user.id !== move.userId) throw SIGN_IN_FIRST;
        await finish(deps, messages, move, signIn.session.id);
        return ctx.json<MoveAnswer>({ outcome: 'changed' });
      },
    ),
  },
});

type Asked = Pick<OpenMove, 'userId' | 'email' | 'newEmail'>;

/**
 * Sends the link to the new address. If that address has an account, its owner is told instead, and the caller learns
 * nothing.
 */
async function askToProve(
  deps: DoorDeps,
  messages: SignInEmails,
  secret: string,
  move: Asked,
): Promise<void> {
  await refusing(() => deps.rates.takeEmail(move.newEmail));
  const [taken] = await deps.sql`select 1 from auth_user where email = ${move.newEmail}`;
  if (taken) messages.hasAccount(move.newEmail);
  else messages.proveAddress(move.newEmail, await signMove(secret, move, 'prove'));
}

async function finish(
  deps: DoorDeps,
  messages: SignInEmails,
  move: OpenMove,
  signInId: string,
): Promise<void> {
  if (!(await changeAddress(deps, { ...move, signInId }))) throw NOT_VALID;
  if (move.isProven) messages.addressChanged(move.email, move.newEmail);
}

const refused = (code: string, message: string) => new APIError('BAD_REQUEST', { code, message });
const SAME = refused('INVALID_INPUT', 'This is your address already.');
const NOT_VALID = refused(
  'INVALID_TOKEN',
  'This link is not valid any more. Change the address again under Settings.',
);
const SIGN_IN_FIRST = new APIError('FORBIDDEN', {
  code: 'SIGN_IN_FIRST',
  message: 'Sign in to the account that moves to this address first.',
});
