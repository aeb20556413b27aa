import type { Ctx } from '../context';
import { accountIdOf, type Machine } from '../machine/machines';
import { metrics } from '../metrics';
import { type Removal, type Tried, workOffRemovals } from './removals';

/**
 * Destroys the recorded machines without an open run until each is proven gone. Returns how many destroys were
 * requested.
 */
export async function removeOrphans(ctx: Ctx): Promise<number> {
  let asked = 0;
  await workOffRemovals(ctx, 'machine', async (removal) => {
    const tried = await destroyOrphan(ctx, removal);
    if (tried.outcome === 'asked') asked += 1;
    return tried;
  });
  return asked;
}

/** Reads the machine itself and its run a second time, independently, before anything is destroyed. */
async function destroyOrphan(ctx: Ctx, { app, id, attempts }: Removal): Promise<Tried> {
  const read = await ctx.machines.get(app, id);
  if (!read.ok) return { outcome: 'failed', error: `could not be read: ${read.failure.message}` };
  const machine = read.value;
  if (machine === null || machine.state === 'destroyed') return { outcome: 'gone' };
  if (machine.environmentId !== ctx.env.ENVIRONMENT_ID || !(await isLeftOver(ctx, app, machine)))
    return { outcome: 'kept' };
  if (attempts === 0) {
    ctx.log.error(
      { machineId: id, app, runId: machine.runId, state: machine.state },
      'a machine without an open run is destroyed',
    );
  }
  const destroyed = await ctx.machines.destroy(app, id);
  if (!destroyed.ok) return { outcome: 'failed', error: destroyed.failure.message };
  if (attempts === 0) metrics.orphansDestroyed.inc();
  return { outcome: 'asked' };
}

/**
 * Returns whether no open run has this machine, its app belongs to a known account, and this installation made it or
 * its run is known to have ended.
 */
async function isLeftOver(ctx: Ctx, app: string, machine: Machine): Promise<boolean> {
  const accountId = accountIdOf(ctx.env.ENVIRONMENT_ID, app);
  const rows = await ctx.sql`
    select 1 from account a, installation i where a.id = ${accountId}
      and (i.id = ${machine.installationId} or (${machine.installationId}::text is null
        and exists (select 1 from run where id = ${machine.runId ?? ''} and account_id = a.id)))
      and not exists (
        select 1 from run where id = ${machine.runId ?? ''} and ended_at is null
          and coalesce(machine_id, ${machine.id}) = ${machine.id})`;
  return rows.length > 0;
}
