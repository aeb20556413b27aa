import type { Sql, TxSql } from '@/db/client';
import type { Ctx } from '../context';
import { signingSecrets, signText } from '../signing-secrets';

/**
 * The address a person's emails reach, however it is written: lower case, without a +tag, and for Google's mail
 * without dots. Never used to find anybody, only to know a person again. Pure.
 */
function normaliseAddress(address: string): string {
  const [local = '', domain = ''] = address.trim().toLowerCase().split('@');
  const google = domain === 'gmail.com' || domain === 'googlemail.com';
  const [name = ''] = local.split('+');
  return google ? `${name.replaceAll('.', '')}@gmail.com` : `${name}@${domain}`;
}

/**
 * Returns keyed hashes of a text, one for each secret of the installation: without a secret nobody can tell whom they
 * mark, and who was marked under an older one is known as long as that one is kept.
 */
export const marksOfText = (ctx: Pick<Ctx, 'env'>, text: string): string[] =>
  signingSecrets(ctx.env.AUTH_SECRET).map((secret) => signText(secret, text));

type PersonRow = { email: string; counts: boolean; provider: string | null; identity: string | null };

/**
 * What marks the owners of an account as persons: their confirmed addresses and sign-in identities, as keyed hashes.
 * Anybody can sign up with anybody's address: what is written under a mark must be its person's own doing. With `claimed`
 * also the addresses nobody has confirmed yet, for reading only.
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
