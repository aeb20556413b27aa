import { parseEnvelope } from 'better-auth/crypto';
import type { Row } from '@/db/rows';
import type { secret } from '@/db/schema/secret';
import { encryptionKeys } from '../account/auth-secrets';
import { type Ctx, inTx } from '../context';
import { openValue, sealValue } from './seal';

type Sealed = Pick<Row<typeof secret>, 'id' | 'account_id' | 'session_id' | 'name' | 'sealed'>;

/**
 * Encrypts variables under the newest secret, so that an older one can be removed. Returns the count of renewed variables,
 * and of those that none of the installation's secrets decrypts.
 */
export async function renewSecrets(ctx: Ctx): Promise<{ renewed: number; unreadable: number }> {
  const { AUTH_SECRET } = ctx.env;
  const { currentVersion } = encryptionKeys(AUTH_SECRET);
  return inTx(ctx, async ({ sql }) => {
    const rows = await sql<Sealed[]>`
      select id, account_id, session_id, name, sealed from secret order by id for update`;
    const old = rows.filter(({ sealed }) => parseEnvelope(sealed)?.version !== currentVersion);
    let renewed = 0;
    for (const row of old) {
      const place = { accountId: row.account_id, sessionId: row.session_id, name: row.name };
      const value = await openValue(AUTH_SECRET, place, row.sealed);
      if (value === null) continue;
      await sql`update secret set sealed = ${await sealValue(AUTH_SECRET, place, value)} where id = ${row.id}`;
      renewed++;
    }
    return { renewed, unreadable: old.length - renewed };
  });
}
