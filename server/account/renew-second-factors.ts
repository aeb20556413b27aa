import { parseEnvelope, symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto';
import type { Row } from '@/db/rows';
import type { authSecondFactor } from '@/db/schema/auth';
import { type Ctx, inTx } from '../context';
import { encryptionKeys } from './auth-secrets';

type Factor = Pick<Row<typeof authSecondFactor>, 'id' | 'secret' | 'backup_codes'>;

/**
 * Re-encrypts second factors under the newest secret, so that an older secret can be removed. Returns how many, and how
 * many none of the given secrets can decrypt: those must be set up again.
 */
export async function renewSecondFactors(ctx: Ctx): Promise<{ renewed: number; unreadable: number }> {
  const key = encryptionKeys(ctx.env.AUTH_SECRET);
  const isCurrent = (data: string) => parseEnvelope(data)?.version === key.currentVersion;
  const renew = async (data: string) =>
    symmetricEncrypt({ key, data: await symmetricDecrypt({ key, data }) });
  return inTx(ctx, async ({ sql }) => {
    // Locked, because a recovery code used meanwhile would be restored with the old text.
    const factors = await sql<Factor[]>`
      select id, secret, backup_codes from auth_second_factor order by id for update`;
    const old = factors.filter(({ secret, backup_codes }) => !isCurrent(secret) || !isCurrent(backup_codes));
    let renewed = 0;
    for (const factor of old) {
      const [secret, codes] = await Promise.all([renew(factor.secret), renew(factor.backup_codes)]).catch(
        () => [null, null],
      );
      if (!secret || !codes) continue;
      await sql`
        update auth_second_factor set secret = ${secret}, backup_codes = ${codes} where id = ${factor.id}`;
      renewed++;
    }
    return { renewed, unreadable: old.length - renewed };
  });
}
