import type { Sql, TxSql } from '@/db/client';
import { type Instant, toIso } from '../clock';

export type Installation = {
  id: string;
  environmentId: string | null;
  appUrl: string | null;
  madeAt: string;
};
type Row = { id: string; environment_id: string | null; app_url: string | null; made_at: Instant };

/** Returns the installation of this database, with the address of its first start: null before that, or locally. */
export async function showInstallation({ sql }: { sql: Sql | TxSql }): Promise<Installation> {
  const [row] = await sql<Row[]>`select id, environment_id, app_url, made_at from installation`;
  if (!row) throw new Error('The table installation has no row. Run the migrations.');
  const { id, environment_id, app_url, made_at } = row;
  return { id, environmentId: environment_id, appUrl: app_url, madeAt: toIso(made_at) };
}
