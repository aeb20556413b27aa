import { randomUUID } from 'node:crypto';
import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import { DomainError } from '../errors';
import { type Installation, showInstallation } from './show-installation';

/**
 * Makes a copy of a database an installation of its own with a new id; its next start records its address. It no longer
 * touches machines of the installation it was copied from. Audited. Throws INVALID_INPUT while ENVIRONMENT_ID is still
 * the other's, because apps, and with them users' disks, are found by it.
 */
export function renewInstallation(ctx: Ctx, by: { actor: string; reason: string }): Promise<Installation> {
  const { ENVIRONMENT_ID } = ctx.env;
  return inTx(ctx, async (tx) => {
    const before = await showInstallation(tx);
    if (before.environmentId === ENVIRONMENT_ID)
      throw new DomainError(
        'INVALID_INPUT',
        `The installation that this database is a copy of runs as ENVIRONMENT_ID=${ENVIRONMENT_ID}. Set ENVIRONMENT_ID to another name, here and for every process of the copy, and run this again.`,
      );
    await tx.sql`
      update installation set id = ${randomUUID()}, environment_id = null, app_url = null, made_at = hg_clock()`;
    const after = await showInstallation(tx);
    await writeAudit(tx, { ...by, action: 'installation.renew', accountId: null, before, after });
    return after;
  });
}
