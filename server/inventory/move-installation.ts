import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import { type Installation, showInstallation } from './show-installation';

/**
 * Lets the same installation continue at another address, which its next start records. It keeps its machines and
 * disks. Audited.
 */
export function moveInstallation(ctx: Ctx, by: { actor: string; reason: string }): Promise<Installation> {
  return inTx(ctx, async (tx) => {
    const before = await showInstallation(tx);
    await tx.sql`update installation set app_url = null`;
    const after = await showInstallation(tx);
    await writeAudit(tx, { ...by, action: 'installation.move', accountId: null, before, after });
    return after;
  });
}
