import { type Ctx, inTx } from '../context';
import { isSignedByOurs, signingSecrets, signText } from '../signing-secrets';

const signatureOf = (secret: string, userId: string): string => signText(secret, `mail-refusal:${userId}`);

/** Returns the token of an unsubscribe link. It works without a sign-in, for this user and for nothing else. */
export const refusalToken = (authSecret: string, userId: string): string =>
  `${userId}.${signatureOf(signingSecrets(authSecret)[0], userId)}`;

/** Returns the user id of a token, or null when its signature is not valid. */
export function readRefusalToken(authSecret: string, token: string): string | null {
  const dot = token.lastIndexOf('.');
  const userId = token.slice(0, Math.max(0, dot));
  const isOurs = isSignedByOurs(authSecret, token.slice(dot + 1), (secret) => signatureOf(secret, userId));
  return userId !== '' && isOurs ? userId : null;
}

/**
 * Records whether a user wants news about quota. Emails about money and plans are always sent. Throws QUOTA_UNAVAILABLE
 * while PostgreSQL is unreachable.
 */
export async function refuseMail(ctx: Ctx, userId: string, wanted: boolean): Promise<void> {
  await inTx(ctx, async ({ sql }) => {
    if (wanted) await sql`delete from mail_refusal where user_id = ${userId}`;
    else await sql`insert into mail_refusal (user_id) values (${userId}) on conflict do nothing`;
  });
}
