import type { Ctx } from '@/server/context';
import { appNameOf } from '@/server/machine/machines';
import type { MachinesApi } from './machines-api';

export type SeededRuns = {
  /** Prefix of every id. */
  prefix: string;
  count: number;
  /** When the first lease ends, and the time within which the others follow, in ms. */
  endsAt: number;
  withinMs: number;
  /** Nothing more can be granted: these leases end for good. */
  final?: boolean;
};

export type SeededMachine = Parameters<MachinesApi['add']>[0];

const QUOTA_MS = 80 * 3600 * 1000;

/**
 * Inserts running runs in a few statements, each of its own account and with its lease reserved, as starts would leave
 * them. Returns their machines, to be simulated.
 */
export async function seedRuns(ctx: Pick<Ctx, 'sql' | 'env'>, runs: SeededRuns): Promise<SeededMachine[]> {
  const { prefix, count, endsAt, withinMs, final = false } = runs;
  const from = Math.round(endsAt - 900_000);
  const stepMs = withinMs / count;
  const guardMs = ctx.env.LEASE_GUARD_SECONDS * 1000;
  await ctx.sql.begin(async (sql) => {
    const numbers = sql`
      (select n, ${`${prefix}-`} || n as id, ${from}::bigint as from_ms, ${from}::bigint + 900000 + floor(n * ${stepMs}::float8)::bigint as to_ms
        from generate_series(0, ${count - 1}::int) n) as n`;
    const at = (column: 'from_ms' | 'to_ms') =>
      sql`to_timestamp(${sql.unsafe(`n.${column}`)} / 1000.0)::timestamptz(3)`;
    await sql`insert into account (id, name, status, own_plan_id) select n.id, 'Seeded', 'active', 'pro' from ${numbers}`;
    await sql`insert into member (account_id, user_id, role) select n.id, n.id, 'owner' from ${numbers}`;
    await sql`
      insert into session (id, account_id, name, agent, region, size, last_run_id, created_at)
      select n.id, n.id, 'seeded', 'bash', 'iad', 'standard', n.id, hg_clock() from ${numbers}`;
    await sql`
      insert into lease (run_id, account_id, segments)
      select n.id, n.id, json_build_array(json_build_object('from', n.from_ms, 'to', n.to_ms, 'period',
        to_char(${at('from_ms')} at time zone 'UTC', 'YYYY-MM'))) from ${numbers}`;
    await sql`
      insert into run (id, account_id, session_id, status, machine_id, region, admitted_at, started_at, metered_to,
        proof_at, lease_ms, lease_until, final, idle_stop_seconds, last_input_at, due_at)
      select n.id, n.id, n.id, 'running', 'm-' || n.id, 'iad', ${at('from_ms')}, ${at('from_ms')}, ${at('from_ms')},
        ${at('from_ms')}, 900000, ${at('to_ms')}, ${final}, 86400, ${at('to_ms')},
        ${at('to_ms')} - ${guardMs} * interval '1 ms'
      from ${numbers}`;
    await sql`
      insert into usage_period (account_id, period, quota_ms, used_ms, held_ms)
      select n.id, to_char(${at('from_ms')} at time zone 'UTC', 'YYYY-MM'), ${QUOTA_MS},
        0, n.to_ms - n.from_ms
      from ${numbers}`;
  });
  return Array.from({ length: count }, (_, n) => {
    const id = `${prefix}-${n}`;
    const app = appNameOf(ctx.env.ENVIRONMENT_ID, id);
    return { id: `m-${id}`, app, runId: id, sessionId: id, startedAt: from, createdAt: from };
  });
}
