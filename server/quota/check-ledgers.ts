import type { Ctx } from '../context';
import { metrics } from '../metrics';
import { nextAccount } from './accounts-with-books';
import { type AccountVerification, verifyAccount } from './verify-ledger';

/** Every account's books are verified once per this time, in ms, by any of the workers. */
export const CHECK_EVERY_MS = 86_400_000;
/** The most accounts per pass. None begins later than `PASS_MS` into it; the rest follows in the next pass. */
const BATCH_SIZE = 50;
const PASS_MS = 5_000;
/** The longest verification of one account, in ms. */
const LONGEST_MS = 20_000;

type Check = Pick<Ctx, 'reports' | 'log'>;

/**
 * Verifies the books of some accounts after `last`. Returns where to continue, or the empty string after the last
 * account. An account that fails is counted, logged and recorded, and the others are still verified.
 */
export async function checkLedgers(ctx: Check, last: string): Promise<string> {
  const until = performance.now() + PASS_MS;
  let at = last;
  for (let count = 0; count < BATCH_SIZE && performance.now() < until; count++) {
    const accountId = await nextAccount(ctx.reports, at);
    if (accountId === null) return '';
    if (await claim(ctx, accountId)) await check(ctx, accountId);
    at = accountId;
  }
  return at;
}

/** Claims an account that is due. Returns false when another worker has claimed it or it is not due. */
async function claim({ reports }: Check, accountId: string): Promise<boolean> {
  const taken = await reports`
    insert into ledger_check as c (account_id, checked_at) values (${accountId}, hg_clock())
    on conflict (account_id) do update set checked_at = excluded.checked_at
      where c.checked_at <= excluded.checked_at - ${CHECK_EVERY_MS} * interval '1 ms' returning account_id`;
  return taken.length > 0;
}

async function check(ctx: Check, accountId: string): Promise<void> {
  try {
    const found = await verifyAccount(ctx.reports, accountId, LONGEST_MS);
    const problemCount = found.problems.length + found.drift.length;
    await record(ctx, accountId, problemCount, null);
    if (problemCount > 0) alarm(ctx, accountId, found);
  } catch (error) {
    metrics.ledgerFailures.inc();
    ctx.log.error({ err: error, accountId }, 'the books of an account could not be verified');
    await record(ctx, accountId, 0, String((error as Error).message).slice(0, 500)).catch((second) =>
      ctx.log.warn({ err: second, accountId }, 'that could not be written down'),
    );
  }
}

const record = ({ reports }: Check, accountId: string, problemCount: number, error: string | null) => reports`
  update ledger_check set problem_count = ${problemCount}, error = ${error} where account_id = ${accountId}`;

function alarm({ log }: Check, accountId: string, { problems, drift }: AccountVerification): void {
  log.error(
    { accountId, problems: problems.slice(0, 5), drift: drift.slice(0, 5) },
    'the books of an account are not as they were written; `operator ledger verify` names every row',
  );
}

/** Reports the number of accounts with wrong books, and of those that could not be verified, as metrics. */
export async function reportLedgers({ reports }: Pick<Ctx, 'reports'>): Promise<void> {
  const [row] = await reports<{ wrong: number; unread: number }[]>`
    select count(*) filter (where problem_count > 0) as wrong, count(*) filter (where error is not null) as unread
    from ledger_check where problem_count > 0 or error is not null`;
  metrics.ledgerProblems.set({ kind: 'wrong' }, row?.wrong ?? 0);
  metrics.ledgerProblems.set({ kind: 'not_verified' }, row?.unread ?? 0);
}
