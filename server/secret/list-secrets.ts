import type { Row } from '@/db/rows';
import type { secret } from '@/db/schema/secret';
import { toIso } from '../clock';
import { type Ctx, failClosed } from '../context';

/** A variable as clients see it, without its value. */
export type SecretView = { name: string; sessionId: string | null; setAt: string };

/** Returns the names of an account's variables, those for all its sessions first. */
export async function listSecrets(ctx: Ctx, accountId: string): Promise<SecretView[]> {
  const rows = await failClosed(
    () => ctx.sql<Pick<Row<typeof secret>, 'name' | 'session_id' | 'set_at'>[]>`
      select name, session_id, set_at from secret where account_id = ${accountId}
      order by session_id nulls first, name`,
    ctx.log,
  );
  return rows.map((row) => ({ name: row.name, sessionId: row.session_id, setAt: toIso(row.set_at) }));
}
