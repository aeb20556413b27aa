import type { Actor, Ctx } from '../context';

export type SignedInActor = Extract<Actor, { kind: 'user' }>;

type SignedIn = {
  userId: string;
  /** The user's role at this installation, not in the account. */
  role: string | null | undefined;
  hasSecondFactor: boolean;
  accountId: string;
  memberRole: SignedInActor['role'];
  signInId: string;
};

/** Returns a signed-in user as an actor, however the sign-in was found. Pure. */
export const signedInActor = ({ env }: Pick<Ctx, 'env'>, one: SignedIn): SignedInActor => ({
  kind: 'user',
  userId: one.userId,
  accountId: one.accountId,
  role: one.memberRole,
  isAdmin: one.role === 'admin',
  lacksSecondFactor: env.ADMIN_SECOND_FACTOR === 'required' && !one.hasSecondFactor,
  signInId: one.signInId,
});
