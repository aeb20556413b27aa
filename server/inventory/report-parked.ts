import type { Row } from '@/db/rows';
import type { removal } from '@/db/schema/machine';
import type { Ctx } from '../context';
import { metrics } from '../metrics';

const PARKED_KINDS = ['machine', 'volume', 'account', 'run'] as const;
export type ParkedKind = (typeof PARKED_KINDS)[number];

/** Reports what is parked, by kind, as metrics of this process. Returns the counts. */
export async function reportParked(ctx: Ctx): Promise<Record<ParkedKind, number>> {
  const rows = await ctx.sql<{ kind: Row<typeof removal>['kind'] | 'run'; count: number }[]>`
    select kind, count(*) as count from removal where parked_at is not null group by kind
    union all select 'run', count(*) from run where parked_at is not null and ended_at is null`;
  const counts = { machine: 0, volume: 0, account: 0, run: 0 };
  for (const row of rows) counts[row.kind] = row.count;
  for (const kind of PARKED_KINDS) metrics.parked.set({ kind }, counts[kind]);
  return counts;
}
