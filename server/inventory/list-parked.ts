import type { Row } from '@/db/rows';
import type { removal } from '@/db/schema/machine';
import type { run } from '@/db/schema/session';
import { type Instant, toIso } from '../clock';
import type { Ctx } from '../context';
import { appNameOf } from '../machine/machines';
import type { ParkedKind } from './report-parked';

/** Something that an operator has to look at, and what to do. */
export type Parked = {
  kind: ParkedKind;
  id: string;
  accountId: string | null;
  app: string;
  since: string;
  error: string | null;
  remedy: string;
};

/** A removal, or a run with the same columns. */
type ParkedRow = Pick<Row<typeof removal>, 'id' | 'account_id' | 'region' | 'attempts' | 'error'> &
  Pick<Row<typeof run>, 'machine_id'> & { kind: ParkedKind; app: string | null; parked_at: Instant };

/** Returns everything that is parked, oldest first. */
export async function listParked(ctx: Ctx): Promise<Parked[]> {
  const rows = await ctx.sql<ParkedRow[]>`
    select kind, id, account_id, app, null as machine_id, region, attempts, parked_at, error
    from removal where parked_at is not null
    union all
    select 'run', id, account_id, null, machine_id, region, attempts, parked_at,
      case when failed_looks > 0 then 'looking at it failed ' || failed_looks || ' times in a row' end
    from run where parked_at is not null and ended_at is null
    order by parked_at, id`;
  return rows.map((row) => ({
    kind: row.kind,
    id: row.id,
    accountId: row.account_id,
    app: row.app ?? appNameOf(ctx.env.ENVIRONMENT_ID, row.account_id ?? ''),
    since: toIso(row.parked_at),
    error: row.error,
    remedy: remedyOf(row),
  }));
}

function remedyOf({ kind, id, machine_id, region, attempts }: ParkedRow): string {
  switch (kind) {
    case 'run':
      return `Destroy the machine ${machine_id ?? 'of this run'} at the provider: the run then ends by itself. When nothing else ends it: run close --run ${id} --reason "…"`;
    case 'machine':
      return 'Destroy it at the provider; the row goes by itself within an hour.';
    case 'volume':
      return attempts === 0
        ? `Give it back to its account as a session: volume attach --volume ${id} --name "…" --reason "…". Or destroy it at the provider${region ? ` (region ${region})` : ''}; the row then goes by itself within an hour.`
        : 'See which machine has it; destroy that and the volume at the provider. The row goes by itself within an hour.';
    case 'account':
      return 'Remove its customer at the payment provider, or its app at the machines provider, whichever the error names.';
  }
}
