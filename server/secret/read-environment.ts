import type { Row } from '@/db/rows';
import type { secret } from '@/db/schema/secret';
import { type Ctx, failClosed } from '../context';
import { openValue } from './seal';

type Sealed = Pick<Row<typeof secret>, 'account_id' | 'session_id' | 'name' | 'sealed'>;

/**
 * Returns the variables of an open run's session: those of the account, overridden by those of the session. A variable
 * that none of the installation's secrets decrypts is left out and logged by its name.
 */
export async function readEnvironment(ctx: Ctx, runId: string): Promise<{ env: Record<string, string> }> {
  const rows = await failClosed(
    () => ctx.sql<Sealed[]>`
      select s.account_id, s.session_id, s.name, s.sealed from run r
      join secret s on s.account_id = r.account_id and (s.session_id is null or s.session_id = r.session_id)
      where r.id = ${runId} and r.status in ('starting', 'running') order by s.session_id nulls first, s.name`,
    ctx.log,
  );
  const env: Record<string, string> = {};
  for (const row of rows) {
    const place = { accountId: row.account_id, sessionId: row.session_id, name: row.name };
    const value = await openValue(ctx.env.AUTH_SECRET, place, row.sealed);
    if (value === null) ctx.log.error({ runId, name: row.name }, 'a variable cannot be decrypted');
    else env[row.name] = value;
  }
  return { env };
}
