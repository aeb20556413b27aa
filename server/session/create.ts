import { type Ctx, inTx } from '../context';
import { DomainError } from '../errors';
import { newId } from '../ids';
import type { Agent, Session, Size } from '../shapes';
import { readSession } from './read-sessions';

/** Sessions an account may keep, stopped ones included. */
const SESSIONS_KEPT = 100;

export type CreateInput = { accountId: string; name: string; agent?: Agent; region?: string; size?: Size };

/** Makes a stopped session: a name and a choice, no machine. Throws INVALID_INPUT, QUOTA_UNAVAILABLE. */
export async function createSession(ctx: Ctx, input: CreateInput): Promise<Session> {
  const { FLY_REGIONS } = ctx.env;
  const region = input.region ?? FLY_REGIONS[0] ?? '';
  if (!FLY_REGIONS.includes(region)) {
    const message = `Choose one of these regions: ${FLY_REGIONS.join(', ')}.`;
    throw new DomainError('INVALID_INPUT', message, { fields: { region: [message] } });
  }
  const id = newId();
  const made = await inTx(ctx, async ({ sql }) => {
    // Counting and adding are one at a time for an account, so that many at once do not pass the limit together.
    await sql`select pg_advisory_xact_lock(hashtextextended(${input.accountId}, 43))`;
    return sql`
      insert into session (id, account_id, name, agent, region, size, created_at)
      select ${id}, ${input.accountId}, ${input.name}, ${input.agent ?? 'bash'}, ${region}, ${input.size ?? 'standard'},
        hg_clock()
      where (select count(*) from session where account_id = ${input.accountId} and deleted_at is null) < ${SESSIONS_KEPT}
      returning id`;
  });
  if (made.length === 0) {
    const message = `You keep ${SESSIONS_KEPT} sessions already. Delete one to make room.`;
    throw new DomainError('INVALID_INPUT', message, { fields: { '': [message] } });
  }
  return readSession(ctx.sql, input.accountId, id);
}
