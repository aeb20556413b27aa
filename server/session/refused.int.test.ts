import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Ctx } from '@/server/context';
import { asOwner, createAccount, createWorld, type World } from '@/test/world';
import { createSession } from './create';
import { startSession } from './start';

let world: World;
let ctx: Ctx;
let statements: string[] = [];
let launches = 0;
beforeAll(async () => {
  // Connections are opened first, because a new one queries its types, which would be counted.
  world = await createWorld({ onStatement: (text) => statements.push(text) });
  await world.database.openAll();
  const launch = async () => {
    launches += 1;
    return { ok: true, value: { machineId: `m${launches}`, region: 'iad', volumeId: 'vol' } };
  };
  ctx = { ...world.ctx, machines: { launch } as unknown as Ctx['machines'] };
});
beforeEach(() => {
  statements = [];
});
afterAll(() => world.close());

const start = (accountId: string, sessionId: string, idempotencyKey?: string) =>
  startSession(ctx, { accountId, sessionId, idempotencyKey }).then(
    ({ status }) => status,
    (error) => error.reason,
  );

/** Runs `work` while another transaction holds the account's lock. */
const whileLocked = <T>(accountId: string, work: () => Promise<T>): Promise<T> =>
  world.ctx.sql.begin(async (tx) => {
    await tx`select 1 from account where id = ${accountId} for no key update`;
    return work();
  }) as Promise<T>;

describe('a start that is refused', () => {
  it.each([
    ['QUOTA_EXCEEDED', { leftMs: 0 }],
    ['ACCOUNT_BLOCKED', { status: 'blocked' }],
  ])('SESSION-70 is answered %s by one read, without waiting for the lock', async (reason, options) => {
    const accountId = await createAccount(world, options);
    const { id } = await createSession(ctx, { accountId, name: 'refused' });
    statements = [];
    expect(await whileLocked(accountId, () => start(accountId, id))).toBe(reason);
    // Without the statements of the transaction that holds the lock.
    expect(
      statements.filter((text) => !/^(begin|commit|select 1 from account)/.test(text.trim())),
    ).toHaveLength(1);
    expect(await world.ctx.sql`select 1 from run where account_id = ${accountId}`).toEqual([]);
  });

  it('SESSION-70 is answered NOT_FOUND for a missing session and for one of another account alike', async () => {
    const [mine, other] = [await createAccount(world), await createAccount(world)];
    const { id } = await createSession(ctx, { accountId: other, name: 'theirs' });
    expect(await whileLocked(mine, () => start(mine, id))).toBe('NOT_FOUND');
  });

  it('SESSION-70 because it is repeated or the session runs is answered without the lock', async () => {
    const accountId = await createAccount(world);
    const { id } = await createSession(ctx, { accountId, name: 'runs' });
    expect(await start(accountId, id, 'once')).toBe('starting');
    const made = launches;
    expect(await whileLocked(accountId, () => start(accountId, id, 'once'))).toBe('starting');
    expect(await whileLocked(accountId, () => start(accountId, id))).toBe('starting');
    const { id: second } = await createSession(ctx, { accountId, name: 'second' });
    expect(await whileLocked(accountId, () => start(accountId, second, 'once'))).toBe('IDEMPOTENCY_MISMATCH');
    expect(await whileLocked(accountId, () => start(accountId, second))).toBe('SESSION_LIMIT_REACHED');
    expect(launches).toBe(made);
  });
});

describe('a start that may be admitted', () => {
  it('SESSION-70 is decided only under the lock: decisions made meanwhile count', async () => {
    const accountId = await createAccount(world);
    const { id } = await createSession(ctx, { accountId, name: 'late' });
    let started: Promise<string> = Promise.resolve('');
    await world.ctx.sql.begin(async (tx) => {
      await tx`select 1 from account where id = ${accountId} for no key update`;
      started = start(accountId, id);
      await expect.poll(() => waitsForLock()).toBe(true);
      await tx`update account set status = 'blocked' where id = ${accountId}`;
    });
    expect(await started).toBe('ACCOUNT_BLOCKED');
  });

  it('SESSION-70 among many for one slot makes one machine, and every other one is refused', async () => {
    const accountId = await createAccount(world);
    const made = await Promise.all(
      Array.from({ length: 30 }, (_, n) => createSession(ctx, { accountId, name: `${n}` })),
    );
    const before = launches;
    const answers = await Promise.all(made.map(({ id }) => start(accountId, id)));
    expect(answers.toSorted()).toEqual([...Array(29).fill('SESSION_LIMIT_REACHED'), 'starting']);
    expect(launches).toBe(before + 1);
  });
});

async function waitsForLock(): Promise<boolean> {
  return asOwner(world.url, async (owner) => {
    const rows = await owner`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return rows.length > 0;
  });
}
