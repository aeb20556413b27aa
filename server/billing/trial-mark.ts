import { createHmac } from 'node:crypto';
import type { Sql, TxSql } from '@/db/client';
import type { Ctx, TxCtx } from '../context';

export const TRIAL_PLAN = 'trial';

/**
 * The address a person's letters reach, however it is written: lower case, without a +tag, and for Google's mail
 * without dots. Never used to find anybody, only to know a person again. Pure.
 */
export function normaliseAddress(address: string): string {
  const [local = '', domain = ''] = address.trim().toLowerCase().split('@');
  const google = domain === 'gmail.com' || domain === 'googlemail.com';
  const [name = ''] = local.split('+');
  return google ? `${name.replaceAll('.', '')}@gmail.com` : `${name}@${domain}`;
}

/** What marks the owners of an account as persons: their sign-in identities and addresses, as keyed hashes. */
async function marksOf(ctx: Pick<Ctx, 'env'>, sql: Sql | TxSql, accountId: string): Promise<string[]> {
  const rows = await sql<{ email: string; provider: string | null; identity: string | null }[]>`
    select u.email, i.provider_id as provider, i.account_id as identity
    from member m join auth_user u on u.id = m.user_id
    left join auth_identity i on i.user_id = u.id and i.provider_id <> 'credential'
    where m.account_id = ${accountId} and m.role = 'owner'`;
  const persons = rows.flatMap(({ email, provider, identity }) => [
    `address:${normaliseAddress(email)}`,
    ...(provider ? [`identity:${provider}:${identity}`] : []),
  ]);
  const hash = (text: string) => createHmac('sha256', ctx.env.AUTH_SECRET).update(text).digest('base64url');
  return [...new Set([`account:${accountId}`, ...persons])].map(hash).sort();
}

/** True when somebody who owns this account had a trial, in this account or another. */
export async function hadTrial(ctx: Ctx, accountId: string): Promise<boolean> {
  const marks = await marksOf(ctx, ctx.sql, accountId);
  const found = await ctx.sql`select 1 from trial_mark where hash = any(${marks}) limit 1`;
  return found.length > 0;
}

/** Marks the persons behind an account. Answers false when one of them was marked before; the caller rolls back. */
export async function markTrial(tx: TxCtx, accountId: string): Promise<boolean> {
  const marks = await marksOf(tx, tx.sql, accountId);
  const made = await tx.sql`
    insert into trial_mark (hash) select hash from unnest(${marks}::text[]) as hash
    on conflict do nothing returning hash`;
  return made.length === marks.length;
}
