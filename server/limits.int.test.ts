import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAccount, createWorld, type World } from '@/test/world';
import { createApiKey } from './account/create-api-key';
import { keepFewSignIns } from './account/keep-few-sign-ins';
import { revokeApiKey } from './account/revoke-api-key';
import { forgetEvents } from './billing/sync/forget-events';
import type { Actor } from './context';
import { newId } from './ids';
import { forgetEmails } from './mail/forget-emails';
import { createCaller } from './router';
import { createSession } from './session/create';
import { deleteSession } from './session/delete';

let world: World;
let accountId: string;
beforeAll(async () => {
  world = await createWorld({ max: 20 });
  accountId = await createAccount(world);
  await world.ctx
    .sql`insert into auth_user (id, name, email, email_verified) values ('u', 'U', 'u@x.test', true)`;
});
afterAll(() => world.close());

const owner = (): Actor => ({
  kind: 'user',
  userId: 'u',
  accountId,
  role: 'owner',
  isAdmin: true,
  lacksSecondFactor: false,
});
const caller = () =>
  createCaller({ ...world.ctx, actor: owner(), requestId: 't', responseHeaders: new Headers() });

/** Runs `work` `count` times at once; returns how many succeeded and the messages of the others. */
async function many(count: number, work: (index: number) => Promise<unknown>) {
  const outcomes = await Promise.allSettled(Array.from({ length: count }, (_, index) => work(index)));
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  return { done: count - refused.length, sentences: new Set(refused.map(({ reason }) => reason.message)) };
}

it('ACCOUNT-19 an account keeps 100 sessions, however many are created at once', async () => {
  const { done, sentences } = await many(115, (index) => caller().session.create({ name: `s${index}` }));
  expect(done).toBe(100);
  expect([...sentences]).toEqual(['You have 100 sessions already. Delete one to make room.']);
  expect((await caller().session.list()).length).toBe(100);
});

it('ACCOUNT-19 an account has 20 keys, however many are created at once', async () => {
  const input = { accountId, userId: 'u', isAdmin: false, name: 'k', scopes: ['session:read' as const] };
  const { done, sentences } = await many(30, () => createApiKey(world.ctx, input));
  expect(done).toBe(20);
  expect([...sentences]).toEqual(['An account has 20 keys at most. Revoke one first.']);
});

it('ACCOUNT-19 creating and deleting repeatedly leaves a bounded number of rows: 20 revoked keys, and no session that never ran', async () => {
  const own = await createAccount(world);
  const input = { accountId: own, userId: 'u', isAdmin: false, name: 'k', scopes: ['session:read' as const] };
  const living = await createApiKey(world.ctx, input);
  const revoked: string[] = [];
  for (let i = 0; i < 25; i++) {
    const { id } = await createApiKey(world.ctx, input);
    await revokeApiKey(world.ctx, { accountId: own, apiKeyId: id, actor: 'user:u' });
    revoked.push(id);
    const session = await createSession(world.ctx, { accountId: own, name: 's' });
    await deleteSession(world.ctx, { accountId: own, sessionId: session.id });
  }
  const rows = await world.ctx.sql<{ id: string }[]>`select id from api_key where account_id = ${own}`;
  expect(rows.map(({ id }) => id).sort()).toEqual([living.id, ...revoked.slice(-20)].sort());
  expect(await world.ctx.sql`select 1 from session where account_id = ${own}`).toHaveLength(0);
  await expect(
    revokeApiKey(world.ctx, { accountId: own, apiKeyId: 'none', actor: 'user:u' }),
  ).rejects.toMatchObject({
    reason: 'NOT_FOUND',
  });
});

it('ACCOUNT-19 old emails and payment events are deleted, but never one that is still to be sent or processed', async () => {
  const { sql } = world.ctx;
  const daysAgo = (days: number) => sql`hg_clock() - ${days} * interval '1 day'`;
  for (const [id, days, due] of [
    ['old', 401, false],
    ['young', 399, false],
    ['waiting', 401, true],
  ] as const)
    await sql`
      insert into mail (id, account_id, user_id, kind, cause, facts, created_at, due_at)
      values (${id}, ${accountId}, 'u', 'quota.threshold', ${id}, '{}', ${daysAgo(days)}, ${due ? daysAgo(0) : null})`;
  for (const [id, days] of [
    ['old', 101],
    ['young', 99],
    ['waiting', null],
  ] as const)
    await sql`
      insert into stripe_event (id, type, created_at, processed_at)
      values (${id}, 'invoice.paid', ${daysAgo(500)}, ${days === null ? null : daysAgo(days)})`;
  expect([await forgetEmails(world.ctx), await forgetEvents(world.ctx)]).toEqual([1, 1]);
  for (const table of ['mail', 'stripe_event'])
    expect(
      (await sql<{ id: string }[]>`select id from ${sql(table)} order by id`).map(({ id }) => id),
    ).toEqual(['waiting', 'young']);
});

it('ACCOUNT-19 an installation has at most 50 plans', async () => {
  const [first] = await caller().admin.plan.list();
  if (!first) throw new Error('there are no plans');
  const { sentences } = await many(50, (index) =>
    caller().admin.plan.save({ ...first, id: `more-${index}`, sort: 1_000 + index }),
  );
  expect(await caller().admin.plan.list()).toHaveLength(50);
  expect([...sentences]).toEqual(['There are 50 plans already. Change one of them instead.']);
  expect(await caller().admin.plan.save(first)).toEqual(first);
});

it('ACCOUNT-19 a user has at most 30 sign-ins, and expired ones are deleted', async () => {
  const { sql } = world.ctx;
  const userId = newId();
  await sql`insert into auth_user (id, name, email) values (${userId}, 'E', ${`${userId}@x.test`})`;
  for (let i = 0; i < 40; i++) {
    const age = `${i} minutes`;
    await sql`insert into auth_sign_in (id, token, user_id, expires_at, created_at)
      values (${newId()}, ${`${userId}-${i}`}, ${userId}, now() + ${i === 3 ? '-1 day' : '1 day'}::interval, now() - ${age}::interval)`;
  }
  await sql`insert into auth_verification (id, identifier, value, expires_at) values ('old', 'i', 'v', now() - interval '1 s')`;
  await keepFewSignIns(world.ctx, userId);
  const kept = await sql<{ token: string }[]>`select token from auth_sign_in where user_id = ${userId}`;
  expect(kept).toHaveLength(30);
  expect(kept.map(({ token }) => token)).toContain(`${userId}-0`);
  expect(kept.map(({ token }) => token)).not.toContain(`${userId}-3`);
  expect(await sql`select 1 from auth_verification`).toHaveLength(0);
});

it('ACCOUNT-16 lists come in pages of 100 at most, and days 400 at a time', async () => {
  await expect(caller().usage.runs({ limit: 101 })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  await expect(caller().admin.run.list({ limit: 101 })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  await expect(caller().admin.account.list({ limit: 101 })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  await expect(caller().billing.invoices({ limit: 101 })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  await expect(caller().usage.days({ from: '2024-01-01', to: '2026-01-01' })).rejects.toMatchObject({
    message: 'Ask for 1 to 400 days, the first one not after the last.',
  });
  await world.ctx.sql`
    insert into audit (id, actor, action, reason) select 'a' || n, 'x', 'x', 'x' from generate_series(1, 60) n`;
  expect((await caller().admin.audit.list({})).items).toHaveLength(50);
});

it('ACCOUNT-16 every query and every lock has a time limit, through either pool', async () => {
  const { sql, db } = world.database;
  type Row = { name: string; setting: string };
  const want = {
    idle_in_transaction_session_timeout: '10000',
    lock_timeout: '2000',
    statement_timeout: '10000',
  };
  const ask = `select name, setting from pg_settings where name in ('${Object.keys(want).join("','")}')`;
  for (const rows of [await sql.unsafe<Row[]>(ask), (await db.execute(ask)) as unknown as Row[]])
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual(want);
  const [session] = await caller().session.list();
  await sql.begin(async (tx) => {
    await tx`select 1 from account where id = ${accountId} for update`;
    const start = caller().session.start({ sessionId: session?.id ?? '' });
    await expect(start).rejects.toMatchObject({ cause: { reason: 'QUOTA_UNAVAILABLE' } });
  });
});
