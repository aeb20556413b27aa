import { type Ctx, failClosed } from '../context';
import { notFound } from '../errors';
import { type AccountRow, readMoment, stateColumns, toState } from '../quota/load-account';
import { type Admission, answerStart, type StartInput, type StartRow, startColumns } from './admit';

/**
 * Decides a start by one consistent read without a lock, with the same rules: throws the refusal, or returns what
 * already exists. Null when a run may be made, which only the decision under the account lock can do. Repeated refusals
 * thus never delay others of the account. Throws as `admitRun`, and QUOTA_UNAVAILABLE.
 */
export async function refuseEarly(ctx: Ctx, input: StartInput): Promise<Admission | null> {
  const { sql } = ctx;
  const [row] = await failClosed(
    () => sql<(AccountRow & StartRow)[]>`
      select ${stateColumns(sql)} ${startColumns(sql, input)} from ${readMoment(sql, input.accountId)} a`,
    ctx.log,
  );
  if (!row) throw notFound('account');
  const answer = answerStart(ctx, { state: toState(row), session: row.session, replay: row.replay }, input);
  return answer.kind === 'open' ? null : answer;
}
