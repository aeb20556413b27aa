import type { Ctx } from '../context';
import { DomainError } from '../errors';
import { refreshPrices } from './catalogue/refresh-prices';
import { isRefused } from './payments';
import { syncAccount } from './sync/sync-account';

/**
 * Runs `work`, which the provider may refuse because our data is outdated: prices and account are then read again, and
 * the work is tried once more. A second refusal is thrown. Throws BILLING_UNAVAILABLE and what `work` throws.
 */
export async function withFreshState<T>(ctx: Ctx, accountId: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isWrong(error)) throw error;
    ctx.log.warn({ err: error, accountId }, 'the payment provider refused a request; it is tried once more');
  }
  await refreshPrices(ctx);
  await syncAccount(ctx, { accountId });
  try {
    return await work();
  } catch (error) {
    if (!isWrong(error)) throw error;
    ctx.log.error({ err: error, accountId }, 'the payment provider refused a request');
    throw Object.assign(
      new DomainError(
        'BILLING_UNAVAILABLE',
        'The payment service did not accept this. Nothing was charged; try again later, or write to support.',
      ),
      { cause: error },
    );
  }
}

/** A missing permission of the key is already reported as such. */
const isWrong = (error: unknown): boolean => isRefused(error) && !(error instanceof DomainError);
