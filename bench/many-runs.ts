import { openDatabase } from '@/db/client';
import { machineIdOf, runIdOf } from './list-server';

/** Writes `count` accounts with one running run each, started some time ago; run `n` has machine `n`. */
export async function writeManyRuns(url: string, count: number): Promise<void> {
  const database = openDatabase(url, { max: 1, asOwner: true });
  const { sql } = database;
  const [runPrefix, machinePrefix] = [runIdOf(0).slice(0, -9), machineIdOf(0).slice(0, -9)];
  await sql.begin(async (tx) => {
    await tx`set local statement_timeout = 0`;
    await tx`
      insert into account (id, name, status, own_plan_id)
      select 'account-' || n, 'Bench', 'active', 'custom' from generate_series(1, ${count}::int) n`;
    await tx`
      insert into session (id, account_id, name, agent, region, size, created_at, volume_id)
      select 'session-' || n, 'account-' || n, 'Bench', 'bash', 'iad', 'standard', hg_clock(), 'vol-' || n
      from generate_series(1, ${count}::int) n`;
    await tx`
      insert into run (id, account_id, session_id, status, machine_id, region, admitted_at, started_at, metered_to, proof_at,
        lease_ms, lease_until, due_at)
      select ${runPrefix} || lpad(n::text, 9, '0'), 'account-' || n, 'session-' || n, 'running',
        ${machinePrefix} || lpad(n::text, 9, '0'), 'iad', at, at, at, at, 900000, at + interval '1 day', at + interval '1 day'
      from generate_series(1, ${count}::int) n, lateral (select hg_clock() - interval '10 minutes' as at) t`;
    await tx`update installation set id = 'bench'`;
    await tx`insert into lease (run_id, account_id, segments) select id, account_id, '[]' from run`;
  });
  await sql`set statement_timeout = 0`;
  await sql`analyze`;
  await database.close();
}
