import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Ctx, inTx } from '../context';

const signatureOf = (secret: string, userId: string): string =>
  createHmac('sha256', secret).update(`mail-refusal:${userId}`).digest('base64url');

/** What an email carries to be refused with: works without a sign-in, for this one person and this one thing. */
export const refusalToken = (secret: string, userId: string): string =>
  `${userId}.${signatureOf(secret, userId)}`;

/** The person behind a token, or null for one we did not make. */
export function readRefusalToken(secret: string, token: string): string | null {
  const dot = token.lastIndexOf('.');
  const userId = token.slice(0, Math.max(0, dot));
  const given = Buffer.from(token.slice(dot + 1));
  const right = Buffer.from(signatureOf(secret, userId));
  return userId !== '' && given.length === right.length && timingSafeEqual(given, right) ? userId : null;
}

/**
 * Notes that a person wants no news about quota, or wants it again. Emails about money
 * and plans are always sent. Throws QUOTA_UNAVAILABLE when PostgreSQL cannot be asked.
 */
export async function refuseMail(ctx: Ctx, userId: string, wanted: boolean): Promise<void> {
  await inTx(ctx, async ({ sql }) => {
    if (wanted) await sql`delete from mail_refusal where user_id = ${userId}`;
    else await sql`insert into mail_refusal (user_id) values (${userId}) on conflict do nothing`;
  });
}
