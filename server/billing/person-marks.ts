import type { Sql, TxSql } from '@/db/client';
import type { Ctx } from '../context';
import { signingSecrets, signText } from '../signing-secrets';

/**
 * Returns the address that a person's emails reach, in one form: lower case, without a +tag, and for Google's mail
 * without dots. Used only to recognise a person, never to look one up. Pure.
 */
function normaliseAddress(address: string): string {
  const [local = '', domain = ''] = address.trim().toLowerCase().split('@');
  const google = domain === 'gmail.com' || domain === 'googlemail.com';
  const [name = ''] = local.split('+');
  return google ? `${name.replaceAll('.', '')}@gmail.com` : `${name}@${domain}`;
}

/**
 * Returns keyed hashes of a text, one per secret of the installation. Without a secret they reveal nobody; a mark made
 * under an older secret is recognised as long as that secret is kept.
 */
export const marksOfText = (ctx: Pick<Ctx, 'env'>, text: string): string[] =>
  signingSecrets(ctx.env.AUTH_SECRET).map((secret) => signText(secret, text));

type PersonRow = { email: string; counts: boolean; provider: string | null; identity: string | null };

/**
 * Returns the marks of an account's owners: keyed hashes of their confirmed addresses and sign-in identities. Anyone
 * can sign up with any address, so only what a mark's own person did may be written under it. With `claimed` also
 * unconfirmed addresses, for reading only.
 */
export async function personMarks(
  ctx: Pick<Ctx, 'env'>,
  sql: Sql | TxSql,
  accountId: string,
  which: 'proven' | 'claimed' = 'proven',
): Promise<string[]> {
  const rows = await sql<PersonRow[]>`
    select u.email, u.email_verified or ${which === 'claimed'} as counts, i.provider_id as provider, i.account_id as identity
    from member m join auth_user u on u.id = m.user_id
    left join auth_identity i on i.user_id = u.id and i.provider_id <> 'credential'
    where m.account_id = ${accountId} and m.role = 'owner'`;
  const texts = rows.flatMap(({ email, counts, provider, identity }) => [
    ...(counts ? [`address:${normaliseAddress(email)}`] : []),
    ...(provider ? [`identity:${provider}:${identity}`] : []),
  ]);
  return [...new Set(texts)].flatMap((text) => marksOfText(ctx, text)).sort();
}
