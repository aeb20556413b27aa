import type { Ctx } from '../context';
import type { Machine } from '../machine/machines';
import { comparePage } from './compare-page';
import { Fingerprints } from './fingerprints';
import { alarmListing, claimPass, endPass, type Pass, reportListings } from './listing';
import { lookAtMissing } from './look-at-missing';
import { noteOrphans, noteOthers, noteUnknown } from './note-orphans';
import { isShrunk, type ListEnd, readList } from './read-list';
import { removeOrphans } from './remove-orphans';
import { reportParked } from './report-parked';

export type Reconciled = { machines: number; orphans: number; missing: number };

/**
 * Compares the provider's machines with our open runs, page by page and both ways. A machine without an open run is
 * recorded, read a second time and destroyed until it is proven gone; an open run whose machine a complete list does
 * not show is read by itself; an open run without a machine id gets it. Touches only machines of this environment and
 * installation in apps of known accounts, and none while many are unknown. One worker reads the list, all share the
 * removals. Returns what this call did.
 */
export async function reconcile(ctx: Ctx): Promise<Reconciled> {
  const pass = await claimPass(ctx, 'machines', ctx.env.RECONCILE_INTERVAL_SECONDS * 1000);
  const compared = pass ? await compareMachines(ctx, pass) : { machines: 0, missing: 0 };
  const orphans = await removeOrphans(ctx);
  await reportParked(ctx);
  await reportListings(ctx);
  return { ...compared, orphans };
}

async function compareMachines(ctx: Ctx, pass: Pass): Promise<Omit<Reconciled, 'orphans'>> {
  const shown = new Fingerprints();
  const unknown: Machine[] = [];
  const others: Machine[] = [];
  let machines = 0;
  const end = await readList(
    (cursor) => ctx.machines.list(cursor),
    async (page) => {
      const compared = await comparePage(ctx, pass, page, shown);
      if (compared === null) return false;
      machines += compared.ours;
      unknown.push(...compared.unknown);
      others.push(...compared.others);
      await noteOrphans(ctx, compared.leftBehind);
      return true;
    },
  );
  if (end.how === 'stopped') {
    ctx.log.warn({ list: pass.name }, 'another worker took over this pass: this one took too long');
    return { machines, missing: 0 };
  }
  // A machine that is shown exists, whatever else was left out.
  noteOthers(ctx, pass, others);
  await noteUnknown(ctx, pass, unknown, machines);
  const isWhole = isBelieved(ctx, pass, end, machines);
  const missing = isWhole ? await lookAtMissing(ctx, pass, shown) : 0;
  await endPass(ctx, pass, end, machines);
  return { machines, missing };
}

/** Returns whether the list may prove that something is missing; alarms when it may not. */
function isBelieved(ctx: Ctx, pass: Pass, end: ListEnd, count: number): boolean {
  if (end.how === 'failed') alarmListing(ctx, pass.name, 'failed', { failure: end.failure });
  if (end.how === 'partial' || end.how === 'broken') alarmListing(ctx, pass.name, end.how);
  if (end.how !== 'complete') return false;
  const shrunk = isShrunk(pass.previousCount, count);
  if (shrunk) alarmListing(ctx, pass.name, 'shrunk', { before: pass.previousCount, now: count });
  return !shrunk;
}
