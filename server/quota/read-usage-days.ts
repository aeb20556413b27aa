import type { Sql } from '@/db/client';
import { DomainError } from '../errors';
import { dayOf } from './period';

const LONGEST_RANGE_DAYS = 400;

/** Metered seconds of each UTC day from `from` to `to`, both included; days without use are 0. Throws INVALID_INPUT. */
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
  const rows = await sql<{ day: string; ms: number }[]>`
    select day, ms from usage_day where account_id = ${accountId} and day between ${range.from} and ${range.to}`;
  const msOf = new Map(rows.map((row) => [row.day, row.ms]));
  return Array.from({ length: count }, (_, index) => {
    const day = dayOf(first + index * 86_400_000);
    return { day, seconds: (msOf.get(day) ?? 0) / 1000 };
  });
}
