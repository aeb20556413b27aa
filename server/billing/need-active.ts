import { DomainError } from '../errors';
import type { AccountState } from '../quota/account-state';

/**
 * Throws ACCOUNT_BLOCKED or ACCOUNT_PENDING for an account that may not start sessions, and therefore must not pay for
 * them. Pure.
 */
export function needActive({ status }: Pick<AccountState, 'status'>): void {
  if (status === 'blocked') {
    throw new DomainError(
      'ACCOUNT_BLOCKED',
      'This account is blocked, so nothing is sold to it. Write to support to ask why. Nothing was charged.',
    );
  }
  if (status === 'pending') {
    throw new DomainError(
      'ACCOUNT_PENDING',
      'This account is waiting for approval. A plan can be bought as soon as an administrator has approved it.',
    );
  }
}
