import type { Ctx } from '@/server/context';
import type { World } from '@/test/world';
import type { SimProvider } from './provider';
import type { Rules } from './rules';

/** Checks what must hold for an account's rows at every moment of a history. Returns the violations. */
export async function checkBooks(
  ctx: Ctx,
  rules: Rules,
  accountId: string,
  provider: SimProvider,
): Promise<string[]> {
  const problems: string[] = [];
  const drift = await rules.findDrift(ctx.sql, accountId);
  if (drift.length > 0) problems.push(`drift: ${JSON.stringify(drift[0])}`);
  const [books] = await ctx.sql<{ holes: number; early: number; misplaced: number; unnoted: string[] }[]>`
    select (select count(*) from run r join lease l on l.run_id = r.id
        where r.account_id = ${accountId} and r.started_at is not null and r.ended_at is null
          and (select coalesce(sum(s."to" - s."from"), 0) from jsonb_to_recordset(l.segments) as s("from" bigint, "to" bigint))
            <> hg_ms(r.lease_until) - hg_ms(r.metered_to)) as holes,
      (select count(*) from usage_entry where account_id = ${accountId} and to_at > created_at) as early,
      (select count(*) from usage_entry where account_id = ${accountId} and run_id is not null
        and period <> to_char(from_at at time zone 'UTC', 'YYYY-MM') and not starts_with(period, 'pack:')) as misplaced,
      array(select id from run where account_id = ${accountId} and ended_at is null and machine_id is null) as unnoted`;
  if (books && books.holes > 0) problems.push('a hold does not cover its lease');
  if (books && books.early > 0) problems.push('time was charged before it was lived');
  if (books && books.misplaced > 0) problems.push('time was charged to a month in which it was not lived');
  for (const id of books?.unnoted ?? [])
    if (provider.all.some((machine) => machine.runId === id && provider.listed.has(machine.id)))
      problems.push(`the list has shown the machine of run ${id}, and nobody wrote it down`);
  return problems;
}

/** Sets the clock of the database, and returns when the next run of any account is due. */
export async function nextDueAt({ database }: World, at: number): Promise<number> {
  const [row] = await database.sql<{ due: number | null }[]>`
    update hand_clock set at = ${at} returning (select hg_ms(min(due_at)) from run) as due`;
  return row?.due ?? Number.POSITIVE_INFINITY;
}

/** Returns how many runs of an account are open, and how many its plan allows: the paid one, or its own. */
export async function countOpen(
  ctx: Ctx,
  accountId: string,
  paidPlanId: string | null,
): Promise<{ open: number; most: number }> {
  const [row] = await ctx.sql<{ open: number; most: number }[]>`
    select (select count(*) from run where account_id = a.id and ended_at is null) as open, p.max_sessions as most
      from account a join plan p on p.id = coalesce(${paidPlanId}, a.own_plan_id)
      where a.id = ${accountId}`;
  return row ?? { open: 0, most: 0 };
}
