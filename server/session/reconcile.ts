import type { Instant } from '../clock';
import type { Ctx } from '../context';
import type { Machine } from '../machine/machines';
import { isGone } from '../machine/read-events';
import { metrics } from '../metrics';
import { observeRun } from './observe';
import { readRun } from './tick';

/** A machine younger than this may still be on its way into our books. */
const MACHINE_AGE_MS = 60_000;
/** An open run that no listing shows is looked at one by one, not concluded from a list. */
const RUN_AGE_MS = 60_000;

export type Reconciled = { machines: number; orphans: number; missing: number };

/**
 * Compares the provider's machines with our open runs, both ways: a machine without an open run is read a second time
 * and destroyed; an open run without a machine is looked at on its own. Touches only machines of this environment, and
 * concludes nothing from a partial list.
 */
export async function reconcile(ctx: Ctx): Promise<Reconciled> {
  const listed = await listOurs(ctx);
  if (!listed) return { machines: 0, orphans: 0, missing: 0 };
  const runs = await ctx.sql<{ id: string; now: Instant; looked_after: Instant }[]>`
    select id, hg_clock() as now, greatest(admitted_at, coalesce(started_at, admitted_at)) as looked_after
    from run where ended_at is null`;
  const now = runs[0]?.now ?? (await readNow(ctx));
  const runIds = new Set(runs.map((run) => run.id));
  let orphans = 0;
  for (const machine of listed) {
    if (machine.runId !== null && runIds.has(machine.runId)) continue;
    if (now - machine.createdAt < MACHINE_AGE_MS || isGone(machine)) continue;
    if (await destroyOrphan(ctx, machine)) orphans += 1;
  }
  const shown = new Set(listed.filter((machine) => !isGone(machine)).map((machine) => machine.runId));
  const missing = runs.filter((run) => !shown.has(run.id) && now - run.looked_after >= RUN_AGE_MS);
  for (const run of missing) await lookAtMissing(ctx, run);
  return { machines: listed.length, orphans, missing: missing.length };
}

async function readNow(ctx: Ctx): Promise<Instant> {
  const [row] = await ctx.sql<{ now: Instant }[]>`select hg_clock() as now`;
  return row?.now ?? ctx.clock.now();
}

/** All machines of this environment, or null when the provider gave only part of the answer. */
async function listOurs(ctx: Ctx): Promise<Machine[] | null> {
  const all: Machine[] = [];
  let cursor: string | null = null;
  do {
    const page = await ctx.machines.list(cursor);
    if (!page.ok || !page.value.complete) {
      ctx.log.warn(
        { failure: page.ok ? 'partial' : page.failure },
        'machines could not be listed completely',
      );
      return null;
    }
    all.push(...page.value.machines.filter((machine) => machine.environmentId === ctx.env.ENVIRONMENT_ID));
    cursor = page.value.nextCursor;
  } while (cursor !== null);
  return all;
}

/** The second, independent read before anything is destroyed: of the machine itself, and of its run. */
async function destroyOrphan(ctx: Ctx, listed: Machine): Promise<boolean> {
  const again = await ctx.machines.get(listed.app, listed.id);
  if (!again.ok || again.value === null || isGone(again.value)) return false;
  if (again.value.environmentId !== ctx.env.ENVIRONMENT_ID) return false;
  const open = await ctx.sql`select 1 from run where id = ${again.value.runId ?? ''} and ended_at is null`;
  if (open.length > 0) return false;
  ctx.log.error(
    { machineId: listed.id, app: listed.app, runId: listed.runId },
    'a machine without an open run is destroyed',
  );
  const destroyed = await ctx.machines.destroy(listed.app, listed.id);
  if (destroyed.ok) metrics.orphansDestroyed.inc();
  return destroyed.ok;
}

/** The list does not show this run's machine: read the machine itself, and let two such reads, apart, decide. */
async function lookAtMissing(ctx: Ctx, run: { id: string }): Promise<void> {
  const row = await readRun(ctx, run.id);
  if (row && row.ended_at === null) await observeRun(ctx, row);
}
