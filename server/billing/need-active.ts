import { DomainError } from '../errors';
import type { AccountState } from '../quota/account-state';

/**
 * Nothing is sold to an account that may not start anything: it would pay for what it cannot use. Throws ACCOUNT_BLOCKED,
 * ACCOUNT_PENDING. Pure.
 */
export function needActive({ status }: Pick<AccountState, 'status'>): void {
  if (status === 'blocked') {
    throw new DomainError(
      'ACCOUNT_BLOCKED',
      'This account is blocked, so nothing is sold to it. Write to support to have it looked at. Nothing was charged.',
    );
  }
  if (status === 'pending') {
    throw new DomainError(
      'ACCOUNT_PENDING',
      'This account is waiting for approval. A plan can be bought as soon as an administrator has approved it.',
    );
  }
}
