import type { TxCtx } from '../context';
import { DomainError } from '../errors';
import type { Plan } from '../shapes';
import { type PlanRow, toPlan } from './plans';

/** Returns what is wrong with a plan, by field; empty when nothing is. Pure. */
function planProblems(plan: Plan): Record<string, string[]> {
  const problems: Record<string, string[]> = {};
  const { minSeconds, maxSeconds, defaultSeconds } = plan.idleStop;
  if (minSeconds > maxSeconds || defaultSeconds < minSeconds || defaultSeconds > maxSeconds) {
    problems.idleStop = ['must satisfy min ≤ default ≤ max'];
  }
  if (plan.onceSeconds !== null && plan.monthlySeconds !== null) {
    problems.onceSeconds = ['a plan gives time once or every month, not both'];
  }
  return problems;
}

/** The most plans. Every quota decision reads all of them. */
const MOST_PLANS = 50;

/** Ranks are unique, because the rank decides what a change of plan charges and when it takes effect. */
async function needRankOfItsOwn({ sql }: TxCtx, plan: Plan): Promise<void> {
  const [other] = await sql<
    Pick<PlanRow, 'name'>[]
  >`select name from plan where sort = ${plan.sort} and id <> ${plan.id}`;
  if (!other) return;
  throw new DomainError(
    'INVALID_INPUT',
    `This plan cannot be saved: sort is that of ${other.name} already.`,
    {
      fields: { sort: ['must be unique'] },
    },
  );
}

async function needRoom({ sql }: TxCtx): Promise<void> {
  const [row] = await sql<{ count: number }[]>`select count(*) from plan`;
  if ((row?.count ?? 0) < MOST_PLANS) return;
  throw new DomainError(
    'INVALID_INPUT',
    `There are ${MOST_PLANS} plans already. Change one of them instead.`,
  );
}

/**
 * Writes one whole plan, new or existing. Its accounts get a larger quota at their next renewal, and a lower session
 * limit at once. Returns the plan before, null for a new one. Throws INVALID_INPUT and then changes nothing.
 */
export async function savePlan(tx: TxCtx, plan: Plan): Promise<Plan | null> {
  const problems = planProblems(plan);
  const first = Object.entries(problems)[0];
  if (first)
    throw new DomainError('INVALID_INPUT', `This plan cannot be saved: ${first[0]} ${first[1][0]}.`, {
      fields: problems,
    });
  // Plans are saved one at a time, because uniqueness is decided on both of two.
  await tx.sql`select pg_advisory_xact_lock(45)`;
  const [before] = await tx.sql<PlanRow[]>`select * from plan where id = ${plan.id} for update`;
  if (!before) await needRoom(tx);
  if (before?.sort !== plan.sort) await needRankOfItsOwn(tx, plan);
  const { idleStop: idle } = plan;
  await tx.sql`
    insert into plan (id, name, description, monthly_seconds, once_seconds, max_sessions, idle_min_seconds,
      idle_max_seconds, idle_default_seconds, storage_gb, sort, visible)
    values (${plan.id}, ${plan.name}, ${plan.description}, ${plan.monthlySeconds}, ${plan.onceSeconds}, ${plan.maxSessions},
      ${idle.minSeconds}, ${idle.maxSeconds}, ${idle.defaultSeconds}, ${plan.storageGb}, ${plan.sort}, ${plan.visible})
    on conflict (id) do update set name = excluded.name, description = excluded.description,
      monthly_seconds = excluded.monthly_seconds, once_seconds = excluded.once_seconds,
      max_sessions = excluded.max_sessions, idle_min_seconds = excluded.idle_min_seconds,
      idle_max_seconds = excluded.idle_max_seconds, idle_default_seconds = excluded.idle_default_seconds,
      storage_gb = excluded.storage_gb, sort = excluded.sort, visible = excluded.visible`;
  if (before && plan.maxSessions < before.max_sessions) await wakePlan(tx, plan.id);
  return before ? toPlan(before) : null;
}

/**
 * Makes the open runs of every account that may be on a plan due now. Runs locked by a decision are skipped, so that
 * neither waits for the other; they follow at their next renewal.
 */
const wakePlan = (tx: TxCtx, planId: string) => tx.sql`
  update run set due_at = least(due_at, hg_clock())
  where id in (
    select id from run where ended_at is null and account_id in (
      select id from account where own_plan_id = ${planId}
      union select account_id from subscription where plan_id = ${planId})
    for update skip locked)`;
