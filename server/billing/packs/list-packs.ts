import { type Actor, type Ctx, failClosed } from '../../context';
import { PACKS } from '../../quota/packs';
import { amountIn, DEFAULT_CURRENCY, type Prices } from '../../quota/plans';
import type { PricedPack } from '../../shapes';

type Row = { pack_id: string; prices: Prices; currency: string | null };

/**
 * Returns every pack with the price that will be charged, in the account's or the visitor's currency. The price is null
 * when a pack is not for sale or payments are not set up.
 */
export async function listPacks(
  ctx: Ctx,
  actor: Actor | null,
  visitorCurrency: string = DEFAULT_CURRENCY,
): Promise<PricedPack[]> {
  const accountId = actor && actor.kind !== 'system' ? actor.accountId : null;
  return failClosed(async () => {
    const rows = await ctx.sql<Row[]>`
      select pack_id, prices, (select currency from billing_customer where account_id = ${accountId}) as currency
      from pack_offer`;
    return PACKS.map((pack) => {
      const row = ctx.payments ? rows.find((one) => one.pack_id === pack.id) : undefined;
      return { ...pack, price: amountIn(row?.prices, row?.currency ?? visitorCurrency) };
    });
  }, ctx.log);
}
