import type { Row } from '@/db/rows';
import type { account } from '@/db/schema/account';
import type { Ctx } from '../context';
import { accountIdOf, type Machine } from '../machine/machines';
import { alarmListing, type Pass } from './listing';
import { noteRemovals } from './removals';

/** A removal that takes longer than this, in ms, counts as stuck at the provider. */
const STUCK_MS = 5 * 60_000;
/**
 * More unknown machines than this number and this share of ours are a mistake of ours rather than leaks: nothing is
 * destroyed.
 */
const MOST_UNKNOWN = 20;
const LARGEST_SHARE = 0.1;

/**
 * Records machines to destroy. When the list alone cannot tell the age of a machine, or whether it ends by itself, its
 * second read comes later.
 */
export function noteOrphans(ctx: Ctx, left: Machine[]): Promise<void> {
  const found = left.map(({ id, app, state, createdAt }) => ({
    id,
    app,
    accountId: accountIdOf(ctx.env.ENVIRONMENT_ID, app),
    tryInMs: state === 'destroying' ? STUCK_MS : createdAt === 0 ? ctx.env.BOOT_TIMEOUT_SECONDS * 1000 : 0,
  }));
  return noteRemovals(ctx, 'machine', found);
}

/**
 * Records for removal machines of runs that are unknown, if this installation made them and they are in apps of known
 * accounts. When there are many, the books are the wrong or outdated ones: it alarms and records none.
 */
export async function noteUnknown(ctx: Ctx, pass: Pass, unknown: Machine[], ours: number): Promise<void> {
  if (unknown.length === 0) return;
  if (unknown.length > Math.max(MOST_UNKNOWN, ours * LARGEST_SHARE))
    return alarmListing(ctx, pass.name, 'crowded', { leftOver: unknown.length, shown: ours });
  const accountOf = ({ app }: Machine) => accountIdOf(ctx.env.ENVIRONMENT_ID, app);
  const known = await knownAccounts(
    ctx,
    unknown.flatMap((machine) => accountOf(machine) ?? []),
  );
  const inOurApps = unknown.filter((machine) => known.has(accountOf(machine) ?? ''));
  if (inOurApps.length < unknown.length)
    alarmListing(ctx, pass.name, 'foreign', { machines: unknown.length - inOurApps.length });
  const marked = inOurApps.filter(({ installationId }) => installationId !== null);
  if (marked.length < inOurApps.length)
    alarmListing(ctx, pass.name, 'unmarked', { machines: inOurApps.length - marked.length });
  await noteOrphans(ctx, marked);
}

/** Alarms, with their ids, when other installations use the name of this environment. */
export function noteOthers(ctx: Ctx, pass: Pass, others: Machine[]): void {
  if (others.length === 0) return;
  const installations = [...new Set(others.map(({ installationId }) => installationId))];
  const apps = [...new Set(others.map(({ app }) => app))].slice(0, 5);
  alarmListing(ctx, pass.name, 'other_installation', { installations, machines: others.length, apps });
}

async function knownAccounts(ctx: Ctx, ids: string[]): Promise<Set<string>> {
  const rows = await ctx.sql<
    Pick<Row<typeof account>, 'id'>[]
  >`select id from account where id = any(${[...new Set(ids)]})`;
  return new Set(rows.map(({ id }) => id));
}
