import type postgres from 'postgres';
import type { Sql } from './client';

type PlanRow = [
  id: string,
  name: string,
  description: string,
  monthlySeconds: number | null,
  onceSeconds: number | null,
  maxSessions: number,
  idleSeconds: [min: number, max: number, default_: number],
  storageGb: number,
];

const HOUR = 3600;
const FIXED_15_MIN: [number, number, number] = [900, 900, 900];
/** Minimum, maximum and default idle stop, in seconds. */
const upTo = (hours: number): [number, number, number] => [900, hours * HOUR, 1800];

/** The plans of a new installation, ranked by their order here. */
const PLANS: PlanRow[] = [
  ['free', 'Free', 'A few hours every month, for a look around.', 4 * HOUR, null, 1, FIXED_15_MIN, 1],
  ['trial', 'Trial', 'Five hours once, without a card.', null, 5 * HOUR, 1, [1800, 1800, 1800], 3],
  ['starter', 'Starter', 'For evenings and side projects.', 40 * HOUR, null, 1, upTo(4), 3],
  ['pro', 'Pro', 'For daily work, two workspaces at once.', 80 * HOUR, null, 2, upTo(8), 10],
  ['max', 'Max', 'For full days, three workspaces at once.', 160 * HOUR, null, 3, upTo(24), 20],
  ['custom', 'Custom', 'For teams with needs of their own.', null, null, 5, upTo(24), 50],
];

/** Inserts the default plans when the database has none; never adds to plans that exist or changes them. */
export async function seedPlans(sql: postgres.Sql | Sql): Promise<void> {
  await (sql as postgres.Sql).begin(async (tx) => {
    const [plan] = await tx`select 1 from plan limit 1`;
    if (plan) return;
    for (const [rank, row] of PLANS.entries()) {
      const [id, name, description, monthlySeconds, onceSeconds, maxSessions, idle, storageGb] = row;
      await tx`
        insert into plan (id, name, description, monthly_seconds, once_seconds, max_sessions,
          idle_min_seconds, idle_max_seconds, idle_default_seconds, storage_gb, sort, visible)
        values (${id}, ${name}, ${description}, ${monthlySeconds}, ${onceSeconds}, ${maxSessions},
          ${idle[0]}, ${idle[1]}, ${idle[2]}, ${storageGb}, ${(rank + 1) * 10}, true)
        on conflict (id) do nothing`;
    }
  });
}
