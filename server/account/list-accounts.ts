import { type Instant, toIso } from '../clock';
import { type Ctx, failClosed } from '../context';
import { notFound } from '../errors';
import { quotaRules } from '../quota/account-state';
import { describeQuota } from '../quota/describe-quota';
import { readAccount } from '../quota/load-account';
import type { AccountStatus, Page } from '../shapes';

export type AccountView = {
  id: string;
  name: string;
  status: AccountStatus;
  planId: string;
  ownPlanId: string;
  owner: { email: string; name: string } | null;
  createdAt: string;
  usedSeconds: number;
  quotaSeconds: number | null;
  activeSessions: number;
};

type Row = {
  id: string;
  name: string;
  status: AccountStatus;
  own_plan_id: string;
  created_at: Instant;
  email: string | null;
  owner_name: string | null;
};

const PAGE_SIZE = 50;

/** Returns a page of accounts for administrators, newest first; `search` matches names, ids and owners' addresses. */
export async function listAccounts(
  ctx: Ctx,
  input: { cursor?: string; limit?: number; search?: string },
): Promise<Page<AccountView>> {
  const limit = input.limit ?? PAGE_SIZE;
  const like = input.search ? `%${input.search.replace(/[%_\\]/g, '\\$&')}%` : null;
  const rows = await failClosed(
    () => ctx.sql<Row[]>`
      select a.id, a.name, a.status, a.own_plan_id, a.created_at, u.email, u.name as owner_name
      from account a
      left join lateral (select user_id from member where account_id = a.id and role = 'owner' order by created_at limit 1) m on true
      left join auth_user u on u.id = m.user_id
      where a.deleted_at is null
        and (${input.cursor ?? null}::text is null or a.id < ${input.cursor ?? null})
        and (${like}::text is null or a.name ilike ${like} or a.id ilike ${like} or u.email ilike ${like})
      order by a.id desc limit ${limit + 1}`,
    ctx.log,
  );
  const page = rows.slice(0, limit);
  const items = await Promise.all(page.map((row) => view(ctx, row)));
  return { items, nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
}

/** Returns one account for administrators. Throws NOT_FOUND. */
export async function getAccount(ctx: Ctx, accountId: string): Promise<AccountView> {
  const [row] = await ctx.sql<Row[]>`
    select a.id, a.name, a.status, a.own_plan_id, a.created_at, u.email, u.name as owner_name
    from account a left join member m on m.account_id = a.id and m.role = 'owner' left join auth_user u on u.id = m.user_id
    where a.id = ${accountId} and a.deleted_at is null order by m.created_at limit 1`;
  if (!row) throw notFound('account');
  return view(ctx, row);
}

async function view(ctx: Ctx, row: Row): Promise<AccountView> {
  const state = await readAccount(ctx.sql, row.id);
  const quota = describeQuota(state, quotaRules(ctx.env));
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    planId: state.plan.id,
    ownPlanId: row.own_plan_id,
    owner: row.email === null ? null : { email: row.email, name: row.owner_name ?? '' },
    createdAt: toIso(row.created_at),
    usedSeconds: quota.usedSeconds,
    quotaSeconds: quota.quotaSeconds,
    activeSessions: state.openRuns.length,
  };
}
