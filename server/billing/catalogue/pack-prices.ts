import type { Ctx } from '../../context';
import { newId } from '../../ids';
import { PACKS, type PackOffer } from '../../quota/packs';
import { isGone, type Payments } from '../payments';
import { amountsOf } from './amounts-of';

/** The prices of a new installation, in minor units. Existing prices at the provider are never changed. */
const AMOUNTS: Record<string, { usd: number; gbp: number }> = {
  pack10: { usd: 400, gbp: 350 },
  pack50: { usd: 1500, gbp: 1300 },
};

/** Returns the lookup key of a pack's price at the provider. */
export const packLookupKey = (packId: string): string => `hourglass_${packId}`;

/** Creates missing products and one-off prices of packs at the provider. */
export async function ensurePackPrices(payments: Payments): Promise<void> {
  const lookup_keys = PACKS.map(({ id }) => packLookupKey(id));
  const { data } = await payments.ask((stripe) => stripe.prices.list({ lookup_keys, limit: 100 }));
  const known = new Set(data.map((price) => price.lookup_key));
  for (const pack of PACKS) {
    const amounts = AMOUNTS[pack.id];
    if (amounts && !known.has(packLookupKey(pack.id))) await makePrice(payments, pack, amounts);
  }
}

async function makePrice(
  payments: Payments,
  pack: PackOffer,
  { usd, gbp }: { usd: number; gbp: number },
): Promise<void> {
  const product = await ensureProduct(payments, pack);
  const key = packLookupKey(pack.id);
  await payments.make(`price:${key}:${newId()}`, (stripe, once) =>
    stripe.prices.create(
      {
        product,
        currency: 'usd',
        unit_amount: usd,
        currency_options: {
          eur: { unit_amount: usd },
          chf: { unit_amount: usd },
          gbp: { unit_amount: gbp },
        },
        tax_behavior: 'inclusive',
        lookup_key: key,
        metadata: { pack: pack.id },
      },
      once,
    ),
  );
}

async function ensureProduct(payments: Payments, { id: packId, name }: PackOffer): Promise<string> {
  const id = `hourglass_${packId}`;
  const found = await payments
    .ask((stripe) => stripe.products.retrieve(id))
    .catch((error) => {
      if (isGone(error)) return null;
      throw error;
    });
  if (found) return found.id;
  const made = await payments.make(`product:${id}:${newId()}`, (stripe, once) =>
    stripe.products.create(
      {
        id,
        name: `Hourglass ${name}`,
        description: `${name} of compute, usable for 12 months`,
        metadata: { pack: packId },
      },
      once,
    ),
  );
  return made.id;
}

/**
 * Stores the price of each pack; one without an active one-off price is no longer for sale. Throws BILLING_UNAVAILABLE.
 */
export async function refreshPackPrices(ctx: Ctx, payments: Payments): Promise<void> {
  const lookup_keys = PACKS.map(({ id }) => packLookupKey(id));
  const { data } = await payments.ask((stripe) =>
    stripe.prices.list({ lookup_keys, active: true, limit: 100, expand: ['data.currency_options'] }),
  );
  for (const { id } of PACKS) {
    const price = data.find((one) => one.lookup_key === packLookupKey(id) && one.type === 'one_time');
    const amounts = price ? amountsOf(price) : null;
    if (price && amounts) {
      await ctx.sql`
        insert into pack_offer (pack_id, prices, stripe_price_id) values (${id}, ${ctx.sql.json(amounts)}, ${price.id})
        on conflict (pack_id) do update set prices = excluded.prices, stripe_price_id = excluded.stripe_price_id`;
    } else await ctx.sql`delete from pack_offer where pack_id = ${id}`;
  }
}
