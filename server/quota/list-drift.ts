import type { Ctx } from '../context';
import { type Drift, findDrift } from './find-drift';

/** Accounts that are looked at again for one answer. */
const MOST_ACCOUNTS = 100;

/**
 * The sums that are wrong as of now, of the accounts whose books were found wrong, or could not be verified, when a worker
 * last did: recomputed account by account. The operator command recomputes those of all.
 */
export async function listDrift({ reports }: Pick<Ctx, 'reports'>): Promise<Drift[]> {
  const rows = await reports<{ account_id: string }[]>`
    select account_id from ledger_check where problem_count > 0 or error is not null
    order by account_id limit ${MOST_ACCOUNTS}`;
  const found: Drift[] = [];
  for (const row of rows) found.push(...(await findDrift(reports, row.account_id)));
  return found;
}
