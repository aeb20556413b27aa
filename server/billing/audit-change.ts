import { actorText } from '../actor-text';
import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import type { Whose } from './describe-billing';

/** Audits a change of an account's billing, after the provider has made it. */
export async function auditChange(
  ctx: Ctx,
  { accountId, member }: Whose,
  action: string,
  before: unknown,
  after: unknown,
): Promise<void> {
  await inTx(ctx, (tx) =>
    writeAudit(tx, { actor: actorText(member), action, accountId, before, after, reason: 'asked for' }),
  );
}
