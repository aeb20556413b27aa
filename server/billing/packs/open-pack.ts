import type { Row } from '@/db/rows';
import type { packOffer } from '@/db/schema/pack';
import type { Ctx } from '../../context';
import { DomainError } from '../../errors';
import { localPath } from '../../http/local-path';
import { readAccount } from '../../quota/load-account';
import { PACKS } from '../../quota/packs';
import { amountIn, DEFAULT_CURRENCY } from '../../quota/plans';
import { needCheckoutPage, type Sale } from '../checkout/checkout-page';
import { withCustomer } from '../checkout/ensure-customer';
import { needActive } from '../need-active';
import { needUnheld } from '../need-unheld';
import { needPayments } from '../payments';
import { withFreshState } from '../with-fresh-state';

type PackInput = {
  accountId: string;
  packId: string;
  /** The path to return to. */
  from?: string;
  currency?: string;
};

/**
 * Returns the payment page of a pack. Changes nothing; repeated calls return the same page until it is paid. Throws
 * NOT_FOR_SALE, INVALID_INPUT, PURCHASE_REFUSED, ACCOUNT_BLOCKED, ACCOUNT_PENDING, BILLING_UNAVAILABLE, RATE_LIMITED.
 */
export async function openPack(ctx: Ctx, input: PackInput): Promise<{ url: string }> {
  const payments = needPayments(ctx.payments);
  await ctx.rates.takeBilling(input.accountId);
  await needUnheld(ctx.sql, input.accountId);
  return withFreshState(ctx, input.accountId, async () => {
    const state = await readAccount(ctx.sql, input.accountId);
    needActive(state);
    const sale = await needPack(ctx, input.packId, state.currency ?? input.currency);
    if (state.plan.monthlySeconds === null && state.plan.onceSeconds === null)
      throw noUse(`Your ${state.plan.name} plan has no time limit, so a pack would add nothing.`);
    return withCustomer(ctx, payments, input.accountId, async (customer) => {
      const { accountId } = input;
      const backTo = localPath(input.from) ?? '/plans';
      const page = await needCheckoutPage(ctx, payments, { accountId, customer, sale, backTo });
      if (!page) throw new Error('The page of a pack was taken for that of a plan.');
      return page;
    });
  });
}

const noUse = (message: string) =>
  new DomainError('INVALID_INPUT', message, { fields: { packId: ['adds nothing'] } });

/**
 * Returns a pack for sale with its price in a currency. Throws INVALID_INPUT for an unknown one, NOT_FOR_SALE without a
 * price.
 */
async function needPack(ctx: Ctx, packId: string, currency: string | null | undefined): Promise<Sale> {
  const pack = PACKS.find(({ id }) => id === packId);
  if (!pack) throw noUse(`There is no pack named ${packId}.`);
  const [row] = await ctx.sql<Pick<Row<typeof packOffer>, 'prices' | 'stripe_price_id'>[]>`
    select prices, stripe_price_id from pack_offer where pack_id = ${packId}`;
  const price = amountIn(row?.prices, currency ?? DEFAULT_CURRENCY);
  if (!row || !price)
    throw new DomainError('NOT_FOR_SALE', `The pack of ${pack.name} is not for sale. Choose a plan instead.`);
  return { kind: 'pack', id: packId, seconds: pack.seconds, stripePriceId: row.stripe_price_id, price };
}
