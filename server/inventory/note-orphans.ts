import type { Row } from '@/db/rows';
import type { account } from '@/db/schema/account';
import type { Ctx } from '../context';
import { accountIdOf, type Machine } from '../machine/machines';
import { alarmListing, type Pass } from './listing';
import { noteRemovals } from './removals';

/** The provider calls a removal stuck that takes longer than this. */
const STUCK_MS = 5 * 60_000;
/** More unknown machines than this, and than this share of ours, are no leak but a mistake of ours: nothing is destroyed. */
const MOST_UNKNOWN = 20;
const LARGEST_SHARE = 0.1;

/** Remembers machines to destroy. Where the list alone cannot say how old something is, or whether it goes by itself, its second read comes later. */
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
 * Remembers machines whose runs our books do not know at all, as far as this installation made them and they lie in apps of
 * accounts that the books do know. When there are many, these are the wrong books, or old ones: it alarms and remembers none.
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

/** Alarms when the name of this environment is used by other installations, and says which. */
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
