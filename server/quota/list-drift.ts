import type { Ctx } from '../context';
import { type Drift, findDrift } from './find-drift';

/** The most accounts that one call recomputes. */
const MOST_ACCOUNTS = 100;

/**
 * Returns the wrong sums as of now, recomputed account by account, of the accounts that a worker last found wrong or
 * could not verify. The operator command recomputes all accounts.
 */
export async function listDrift({ reports }: Pick<Ctx, 'reports'>): Promise<Drift[]> {
  const rows = await reports<{ account_id: string }[]>`
    select account_id from ledger_check where problem_count > 0 or error is not null
    order by account_id limit ${MOST_ACCOUNTS}`;
  const found: Drift[] = [];
  for (const row of rows) found.push(...(await findDrift(reports, row.account_id)));
  return found;
}
