import { type Ctx, inTx } from '../context';
import { DomainError } from '../errors';
import { newId } from '../ids';
import { holdAccount, readAccount } from '../quota/load-account';
import { needIdleSeconds } from '../run/idle';
import type { Agent, Session, Size } from '../shapes';
import { readSession } from './read-sessions';

/** Most sessions per account, stopped ones included. */
const SESSIONS_KEPT = 100;

export type CreateInput = {
  accountId: string;
  name: string;
  agent?: Agent;
  region?: string;
  size?: Size;
  idleStopSeconds?: number;
};

/** Creates a stopped session without a machine. Throws INVALID_INPUT, NOT_FOUND, QUOTA_UNAVAILABLE. */
export async function createSession(ctx: Ctx, input: CreateInput): Promise<Session> {
  const { FLY_REGIONS } = ctx.env;
  const region = input.region ?? FLY_REGIONS[0] ?? '';
  if (!FLY_REGIONS.includes(region)) {
    const message = `Choose one of these regions: ${FLY_REGIONS.join(', ')}.`;
    throw new DomainError('INVALID_INPUT', message, { fields: { region: [message] } });
  }
  const id = newId();
  // Counted under the account's lock, so that parallel creates cannot exceed the limit and none survives a deletion.
  const made = await inTx(ctx, async (tx) => {
    await holdAccount(tx, input.accountId);
    if (input.idleStopSeconds !== undefined)
      needIdleSeconds((await readAccount(tx.sql, input.accountId)).plan, input.idleStopSeconds);
    return tx.sql`
      insert into session (id, account_id, name, agent, region, size, idle_stop_seconds, created_at)
      select ${id}, ${input.accountId}, ${input.name}, ${input.agent ?? 'bash'}, ${region}, ${input.size ?? 'standard'},
        ${input.idleStopSeconds ?? null}, hg_clock()
      where (select count(*) from session where account_id = ${input.accountId} and deleted_at is null) < ${SESSIONS_KEPT}
      returning id`;
  });
  if (made.length === 0) {
    const message = `You have ${SESSIONS_KEPT} sessions already. Delete one to make room.`;
    throw new DomainError('INVALID_INPUT', message, { fields: { '': [message] } });
  }
  return readSession(ctx.sql, input.accountId, id);
}
