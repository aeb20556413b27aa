import type { Sql } from '@/db/client';
import { newApiKeyText } from '@/server/account/api-key-text';
import { newId } from '@/server/ids';

/** Accounts for the benchmarks through the web, and the headers that identify their callers. */

export type AccountOptions = { planId: string; sessions: number; leftMs?: number };
export type Caller = { headers: Record<string, string>; sessionIds: string[] };

/** Creates an account with an API key. */
export async function openCaller(sql: Sql, options: AccountOptions): Promise<Caller> {
  const accountId = newId();
  const { key, prefix, hash } = newApiKeyText();
  const scopes = ['session:read', 'session:write'];
  await sql`insert into account (id, name, status, own_plan_id) values (${accountId}, 'Bench', 'active', 'free')`;
  await sql`
    insert into api_key (id, account_id, name, prefix, hash, scopes, created_by, last_used_at)
    values (${newId()}, ${accountId}, 'bench', ${prefix}, ${hash}, ${scopes}, 'bench', hg_clock())`;
  return {
    headers: { authorization: `Bearer ${key}` },
    sessionIds: await furnish(sql, accountId, options),
  };
}

/** Creates a user signed in by a browser, and their account. */
export async function signUp(sql: Sql, url: string, options: AccountOptions): Promise<Caller> {
  const email = `${newId()}@bench.test`;
  const ask = async (path: string) => {
    const answer = await fetch(`${url}/api/auth/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url },
      body: JSON.stringify({ email, password: 'correct horse battery', name: 'Bench' }),
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer;
  };
  await ask('sign-up/email');
  await sql`update auth_user set email_verified = true where email = ${email}`;
  const answer = await ask('sign-in/email');
  const cookie = answer.headers.getSetCookie().map((line) => line.split(';')[0]);
  const [row] = await sql<{ account_id: string }[]>`
    select m.account_id from member m join auth_user u on u.id = m.user_id where u.email = ${email}`;
  return {
    headers: { cookie: cookie.join('; ') },
    sessionIds: await furnish(sql, row?.account_id ?? '', options),
  };
}

/** Sets an account's plan, creates its sessions and leaves `leftMs` of this month's quota. */
async function furnish(
  sql: Sql,
  accountId: string,
  { planId, sessions, leftMs }: AccountOptions,
): Promise<string[]> {
  await sql`update account set own_plan_id = ${planId} where id = ${accountId}`;
  const made = await sql<{ id: string }[]>`
    insert into session (id, account_id, name, agent, region, size, volume_id, created_at)
    select gen_random_uuid()::text, ${accountId}, 'session ' || n, 'bash', 'iad', 'standard', 'vol_' || n, hg_clock()
    from generate_series(1, ${sessions}::int) n returning id`;
  if (leftMs !== undefined)
    await sql`
      insert into usage_period (account_id, period, quota_ms, used_ms)
      select ${accountId}, to_char(hg_clock() at time zone 'UTC', 'YYYY-MM'), p.monthly_seconds * 1000,
        p.monthly_seconds * 1000 - ${leftMs}::bigint from plan p where p.id = ${planId}`;
  return made.map(({ id }) => id);
}
