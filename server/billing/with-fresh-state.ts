import type { Ctx } from '../context';
import { DomainError } from '../errors';
import { refreshPrices } from './catalogue/refresh-prices';
import { isRefused } from './payments';
import { syncAccount } from './sync/sync-account';

/**
 * Does something that the provider may refuse because what we know of it is old: then prices and account are read anew
 * and it is tried once more. A second refusal is told as one. Throws BILLING_UNAVAILABLE and what `work` throws.
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

/** A permission that the key lacks is told as such already. */
const isWrong = (error: unknown): boolean => isRefused(error) && !(error instanceof DomainError);
