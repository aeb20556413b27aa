import { applyPacks } from '@/server/billing/sync/apply-packs';
import { type Ctx, inTx } from '@/server/context';
import { newId } from '@/server/ids';
import { alignQuota } from '@/server/quota/book';
import { lockAccount } from '@/server/quota/load-account';
import { packKey } from '@/server/quota/packs';

type Given = { accountId: string; seconds: number; boughtAt: number };

/** Adds a pack as a paid checkout would; returns the key its time is charged under. */
export async function addPack(ctx: Ctx, { accountId, seconds, boughtAt }: Given): Promise<string> {
  const paymentId = `pi_${newId()}`;
  const paid = { amount: 400, refunded: 0, currency: 'usd', disputed: false, boughtAt };
  await writePack(ctx, accountId, { paymentId, packId: 'pack10', seconds, ...paid });
  const [row] = await ctx.sql<{ id: string }[]>`select id from pack where stripe_payment_id = ${paymentId}`;
  return packKey(row?.id ?? '');
}

/** Returns what a read of the payment provider writes about one pack. */
const writePack = (ctx: Ctx, accountId: string, fact: Parameters<typeof applyPacks>[2][number]) =>
  inTx(ctx, async (tx) => {
    await lockAccount(tx, accountId);
    await applyPacks(tx, accountId, [fact]);
    await alignQuota(tx, await lockAccount(tx, accountId));
  });
