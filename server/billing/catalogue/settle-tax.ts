import { newId } from '../../ids';
import { PACKS } from '../../quota/packs';
import type { Payments } from '../payments';
import { packLookupKey } from './pack-prices';
import { lookupKeyOf } from './refresh-prices';

const KEYS_AT_ONCE = 10;

/**
 * Says of every price that does not say it yet that it includes the tax: the provider computes no tax for others. A price
 * that says otherwise stays. Throws BILLING_UNAVAILABLE.
 */
export async function settleTax(payments: Payments, planIds: string[]): Promise<void> {
  const keys = [...planIds.map(lookupKeyOf), ...PACKS.map(({ id }) => packLookupKey(id))];
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
    const lookup_keys = keys.slice(at, at + KEYS_AT_ONCE);
    const { data } = await payments.ask((stripe) =>
      stripe.prices.list({ lookup_keys, active: true, limit: 100 }),
    );
    for (const price of data.filter(({ tax_behavior }) => tax_behavior === 'unspecified'))
      await payments.make(`tax:${price.id}:${newId()}`, (stripe, once) =>
        stripe.prices.update(price.id, { tax_behavior: 'inclusive' }, once),
      );
  }
}
