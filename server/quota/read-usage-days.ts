import type { Sql } from '@/db/client';
import { DomainError } from '../errors';
import { splitAt, toUsage } from './lease';
import { type AccountRow, readMoment, stateColumns, toState } from './load-account';
import { dayOf } from './period';

const LONGEST_RANGE_DAYS = 400;

type Row = AccountRow & { days: { day: string; ms: number }[] };

/**
 * Returns the used seconds of each UTC day from `from` to `to`, both included; 0 for days without use. The elapsed part
 * of open runs counts, so that the days of a month add up to the used time in the status. Throws INVALID_INPUT.
 */
export async function readUsageDays(
  sql: Sql,
  accountId: string,
  range: { from: string; to: string },
): Promise<{ day: string; seconds: number }[]> {
  const first = Date.parse(`${range.from}T00:00:00Z`);
  const last = Date.parse(`${range.to}T00:00:00Z`);
  const count = (last - first) / 86_400_000 + 1;
  if (!(count >= 1 && count <= LONGEST_RANGE_DAYS)) {
    const message = `Ask for 1 to ${LONGEST_RANGE_DAYS} days, the first one not after the last.`;
    throw new DomainError('INVALID_INPUT', message, { fields: { from: [message] } });
  }
  const [row] = await sql<Row[]>`
    select ${stateColumns(sql)},
      coalesce((select json_agg(json_build_object('day', d.day, 'ms', d.ms)) from usage_day d
        where d.account_id = a.id and d.day between ${range.from} and ${range.to}), '[]') as days
    from ${readMoment(sql, accountId)} a`;
  const msOf = new Map(row?.days.map(({ day, ms }) => [day, ms]));
  for (const { day, ms } of row ? elapsedPieces(row) : []) msOf.set(day, (msOf.get(day) ?? 0) + ms);
  return Array.from({ length: count }, (_, index) => {
    const day = dayOf(first + index * 86_400_000);
    return { day, seconds: (msOf.get(day) ?? 0) / 1000 };
  });
}

/** Returns what open runs have used beyond the ledger, by day. */
function elapsedPieces(row: AccountRow) {
  const { openRuns, now } = toState(row);
  return openRuns
    .filter((run) => run.startedAt !== null)
    .flatMap((run) => toUsage(splitAt(run.segments, now).before));
}
