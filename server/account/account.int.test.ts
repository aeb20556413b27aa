import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import type { Actor } from '../context';
import type { DomainError } from '../errors';
import { newId } from '../ids';
import { createCaller } from '../router';
import { batchStatus } from '../session/batch-status';
import { startSession } from '../session/start';
import { createAccount } from './create-account';
import { openAccount } from './open-account';
import { proveAddress } from './prove-address';

const run = promisify(execFile);
let stage: Stage;
let admin: Actor;
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z') });
  const made = await createAccount(stage.ctx, { email: 'boss@hourglass.test', isAdmin: true });
  admin = {
    kind: 'user',
    userId: made.userId,
    accountId: made.accountId,
    role: 'owner',
    isAdmin: true,
    lacksSecondFactor: false,
  };
});
afterAll(() => stage.world.close());

const as = (actor: Actor | null) =>
  createCaller({ ...stage.ctx, actor, requestId: 'test', responseHeaders: new Headers() });
const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => 'allowed',
    (error: { cause: DomainError }) => error.cause.reason,
  );

it('ACCOUNT-47 an account made by the operator is recorded, an administrator’s as such, and a failed creation is not', async () => {
  const email = 'recorded@hourglass.test';
  const made = await createAccount(stage.ctx, { email, isAdmin: true, planId: 'pro', status: 'pending' });
  const notes = () =>
    stage.ctx
      .sql`select actor, account_id, after from audit where action = 'account.create' and account_id = ${made.accountId}`;
  const after = { planId: 'pro', status: 'pending', role: 'admin' };
  expect([...(await notes())]).toEqual([{ actor: 'operator', account_id: made.accountId, after }]);
  await expect(createAccount(stage.ctx, { email })).rejects.toMatchObject({ reason: 'INVALID_INPUT' });
  expect(await notes()).toHaveLength(1);
});

describe('accounts', () => {
  it('ACCOUNT-1 twenty sign-ups of one person at once open one account', async () => {
    const userId = newId();
    await stage.ctx
      .sql`insert into auth_user (id, name, email) values (${userId}, 'Twenty', 'twenty@hourglass.test')`;
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => openAccount(stage.ctx, { userId, name: 'Twenty' })),
    );
    expect(new Set(ids).size).toBe(1);
    const [row] = await stage.ctx.sql`select status, own_plan_id from account where id = ${ids[0] ?? ''}`;
    expect(row).toEqual({ status: 'active', own_plan_id: 'free' });
  });

  it('ACCOUNT-5 only administrators, and keys of theirs with the scope, may administer', async () => {
    const accountId = await stage.account();
    const person: Actor = {
      kind: 'user',
      userId: 'u',
      accountId,
      role: 'owner',
      isAdmin: false,
      lacksSecondFactor: false,
    };
    const key = (scopes: string[], isAdmin: boolean): Actor => ({
      kind: 'apiKey',
      keyId: 'k',
      accountId,
      scopes: scopes as never,
      isAdmin,
    });
    const list = (actor: Actor | null) => reasonOf(as(actor).admin.account.list({}));
    expect(await list(null)).toBe('UNAUTHORIZED');
    expect(await list(person)).toBe('FORBIDDEN');
    expect(await list(key(['admin'], false))).toBe('FORBIDDEN');
    expect(await list(key(['session:write'], true))).toBe('FORBIDDEN');
    expect(await list(key(['admin'], true))).toBe('allowed');
    expect(await list(admin)).toBe('allowed');
  });

  it('ACCOUNT-4 a key reads and writes within its scopes and never manages keys', async () => {
    const accountId = await stage.account();
    const key = (...scopes: string[]) =>
      as({ kind: 'apiKey', keyId: 'k', accountId, scopes: scopes as never, isAdmin: false });
    expect(await reasonOf(key('session:read').session.create({ name: 'x' }))).toBe('FORBIDDEN');
    expect(await reasonOf(key('session:write').session.list())).toBe('allowed');
    expect(await reasonOf(key('session:write').usage.runs())).toBe('FORBIDDEN');
    expect(await reasonOf(key('session:write').apiKey.list())).toBe('FORBIDDEN');
  });

  it('ACCOUNT-6 ACCOUNT-7 a block is recorded, refuses starts and stops what runs; approval lets start', async () => {
    const accountId = await stage.account();
    const { runId, sessionId } = await stage.started(accountId);
    await stage.pass(100);
    const reason = 'spam';
    await as(admin).admin.account.setStatus({ accountId, status: 'blocked', reason });
    expect((await batchStatus(stage.ctx, accountId)).start.reason).toBe('ACCOUNT_BLOCKED');
    await stage.pass(3_000, 500);
    expect(await stage.run(runId)).toMatchObject({ status: 'stopped', end_reason: 'blocked' });
    await as(admin).admin.account.setStatus({ accountId, status: 'active', reason: 'sorry' });
    expect((await startSession(stage.ctx, { accountId, sessionId })).status).toBe('starting');
    const { items } = await as(admin).admin.audit.list({ accountId });
    expect(items.map((item) => [item.action, item.before, item.after, item.reason])).toEqual([
      ['account.setStatus', { status: 'blocked' }, { status: 'active' }, 'sorry'],
      ['account.setStatus', { status: 'active' }, { status: 'blocked' }, 'spam'],
    ]);
    expect(items[0]?.actor).toMatch(/^user:/);
  });

  it('ACCOUNT-33 stops the sessions that run in a planted account, and removes them', async () => {
    const accountId = await stage.account();
    const userId = newId();
    const { sql } = stage.ctx;
    await sql`insert into auth_user (id, name, email) values (${userId}, 'P', ${`${userId}@x.test`})`;
    const { runId } = await stage.started(accountId);
    await sql`insert into member (account_id, user_id, role) values (${accountId}, ${userId}, 'owner')`;
    expect(await proveAddress(stage.ctx, { userId, by: 'link' })).toBe(true);
    expect((await batchStatus(stage.ctx, accountId)).sessions).toEqual([]);
    await stage.pass(3_000, 500);
    expect(await stage.run(runId)).toMatchObject({ status: 'stopped', end_reason: 'deleted' });
    expect(await proveAddress(stage.ctx, { userId, by: 'link' })).toBe(false);
  });

  it('ACCOUNT-6 an invalid plan changes nothing and records nothing', async () => {
    const plans = await as(admin).admin.plan.list();
    const free = plans.find((plan) => plan.id === 'free');
    if (!free) throw new Error('no free plan');
    const bad = { ...free, idleStop: { minSeconds: 900, maxSeconds: 900, defaultSeconds: 1_000 } };
    expect(await reasonOf(as(admin).admin.plan.save(bad))).toBe('INVALID_INPUT');
    expect(await as(admin).admin.plan.list()).toEqual(plans);
    const saved = await as(admin).admin.plan.save({ ...free, monthlySeconds: 5 * 3600 });
    expect(saved.monthlySeconds).toBe(5 * 3600);
    const accountId = await stage.account();
    expect((await batchStatus(stage.ctx, accountId)).quota.quotaSeconds).toBe(5 * 3600);
    await as(admin).admin.plan.save(free);
  });

  it('BILLING-32 two plans cannot share a rank, even when saved at the same time', async () => {
    const plans = await as(admin).admin.plan.list();
    const pro = plans.find((plan) => plan.id === 'pro');
    if (!pro) throw new Error('no plan pro');
    expect(await reasonOf(as(admin).admin.plan.save({ ...pro, id: 'team' }))).toBe('INVALID_INPUT');
    const team = { ...pro, sort: 45, visible: false };
    const saved = await Promise.allSettled(
      ['team-a', 'team-b', 'team-c'].map((id) => as(admin).admin.plan.save({ ...team, id })),
    );
    expect(saved.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await as(admin).admin.plan.save(pro)).toEqual(pro);
    await stage.ctx.sql`delete from plan where sort = 45`;
  });

  it('ACCOUNT-8 the operator command prints one JSON document, or a sentence', {
    timeout: 60_000,
  }, async () => {
    const operator = async (...args: string[]) => {
      const { AUTH_SECRET } = stage.ctx.env;
      const env = {
        PATH: process.env.PATH,
        DATABASE_URL: stage.world.url,
        AUTH_SECRET,
      } as unknown as NodeJS.ProcessEnv;
      return run(process.execPath, ['--import', 'tsx', 'operator/main.ts', ...args], { env }).then(
        ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
        (error: { code: number; stdout: string; stderr: string }) => error,
      );
    };
    const created = await operator(
      'account',
      'create',
      '--email',
      ' New@Hourglass.Test ',
      '--plan',
      'pro',
      '--json',
    );
    const account = JSON.parse(created.stdout);
    expect(account).toMatchObject({ email: 'new@hourglass.test', apiKey: expect.stringMatching(/^hg_/) });
    const adjusted = await operator(
      'account',
      'adjust-usage',
      '--account',
      account.accountId,
      '--seconds',
      '-60',
      '--reason',
      'gift',
      '--json',
    );
    expect(JSON.parse(adjusted.stdout).quota.usedSeconds).toBe(-60);
    const ledger = await operator('ledger', 'export', '--account', account.accountId, '--json');
    expect(JSON.parse(ledger.stdout)).toEqual([
      expect.objectContaining({ kind: 'adjustment', seconds: -60, reason: 'gift' }),
    ]);
    expect(await operator('drift', '--json')).toMatchObject({ code: 0, stdout: '[]\n' });
    const again = await operator('account', 'create', '--email', 'new@hourglass.test');
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('already');
    expect(await operator('account', 'set-plan', '--account', account.accountId)).toMatchObject({ code: 2 });
    expect(await operator('nonsense')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no such command.'),
    });
  });
});
