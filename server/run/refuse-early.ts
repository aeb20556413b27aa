import { type Ctx, failClosed } from '../context';
import { notFound } from '../errors';
import { type AccountRow, readMoment, stateColumns, toState } from '../quota/load-account';
import { type Admission, answerStart, type StartInput, type StartRow, startColumns } from './admit';

/**
 * What a start is answered by one consistent read without a lock, by the same rules: a refusal (thrown), or what is there
 * already. Null where a run may be made: only the decision under the account's lock makes one. Who is refused again and
 * again thus keeps nobody of the account waiting. Throws as `admitRun`, and QUOTA_UNAVAILABLE.
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
