import { settingsProblem } from '@/db/check-settings';
import { limitDatabaseTime } from '@/db/time-limit';
import type { Ctx } from './context';
import { withTimeout } from './with-timeout';

/** Returns the names of the parts a process needs that did not answer within two seconds. Empty when ready. */
export async function failingParts(
  ctx: Pick<Ctx, 'sql'>,
  pingRedis: () => Promise<unknown>,
): Promise<string[]> {
  const parts: [string, () => Promise<unknown>][] = [
    ['postgresql', () => needSettings(ctx)],
    ['redis', pingRedis],
  ];
  const failing = await Promise.all(
    parts.map(async ([name, ask]) => ((await answersInTime(ask)) ? null : name)),
  );
  return failing.filter((name) => name !== null);
}

/** Throws when connections lack the product's role or limits, and while PostgreSQL is unreachable. */
async function needSettings(ctx: Pick<Ctx, 'sql'>): Promise<void> {
  const problem = await settingsProblem(ctx.sql);
  if (problem) throw new Error(problem);
}

const TIMEOUT_MS = 2_000;

async function answersInTime(ask: () => Promise<unknown>): Promise<boolean> {
  const answered = limitDatabaseTime(TIMEOUT_MS, ask).then(
    () => true,
    () => false,
  );
  return (await withTimeout(answered, TIMEOUT_MS)) === true;
}
