import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import { deleteAccount } from '../account/delete-account';
import { newId } from '../ids';
import { createSession } from '../session/create';
import { deleteSession } from '../session/delete';
import { stopSession } from '../session/stop';
import { deleteSecret } from './delete-secret';
import { listSecrets } from './list-secrets';
import { readEnvironment } from './read-environment';
import { renewSecrets } from './renew-secrets';
import { setSecret } from './set-secret';
import { secretInputs } from './shapes';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-11-10T10:00:00Z') });
});
afterAll(() => stage.world.close());

const set = (accountId: string, name: string, value: string, sessionId?: string) =>
  setSecret(stage.ctx, { accountId, name, value, sessionId });
const read = async (runId: string, ctx = stage.ctx) => (await readEnvironment(ctx, runId)).env;
const stored = async () => JSON.stringify(await stage.ctx.sql`select * from secret`);

it('SESSION-153 a variable is for all sessions of an account or for one, which wins; the last value counts', async () => {
  const accountId = await stage.account({ planId: 'pro' });
  const one = await stage.started(accountId);
  const two = await stage.started(accountId);
  await set(accountId, 'A', 'old');
  await set(accountId, 'A', 'all');
  await set(accountId, 'B', 'all');
  await set(accountId, 'B', 'mine', one.sessionId);
  expect(await read(one.runId)).toEqual({ A: 'all', B: 'mine' });
  expect(await read(two.runId)).toEqual({ A: 'all', B: 'all' });
  await deleteSecret(stage.ctx, { accountId, name: 'B', sessionId: one.sessionId });
  expect(await read(one.runId)).toEqual({ A: 'all', B: 'all' });
  const foreign = { accountId, name: 'B', sessionId: newId() };
  await expect(deleteSecret(stage.ctx, foreign)).rejects.toMatchObject({ reason: 'NOT_FOUND' });
});

it('SESSION-153 names that a machine sets by itself, values that are none, and too many are refused', async () => {
  const valid = (name: string, value = 'x') => secretInputs.set.safeParse({ name, value }).success;
  for (const name of ['HOME', 'PATH', 'HOURGLASS_RUN_TOKEN', 'FLY_APP_NAME', '1A', 'A-B', '', 'A'.repeat(65)])
    expect(valid(name), name).toBe(false);
  for (const value of ['', 'a\0b', 'x'.repeat(8_193)]) expect(valid('A', value)).toBe(false);
  expect(valid('_MY_token_1')).toBe(true);
  const accountId = await stage.account({ planId: 'pro' });
  for (let i = 0; i < 100; i++) await set(accountId, `A${i}`, 'x');
  await expect(set(accountId, 'MORE', 'x')).rejects.toMatchObject({ reason: 'INVALID_INPUT' });
  await set(accountId, 'A99', 'changed');
  expect(await listSecrets(stage.ctx, accountId)).toHaveLength(100);
});

it('SESSION-154 a value is in no list and not readable where it is kept, and goes to open runs of its account alone', async () => {
  const accountId = await stage.account({ planId: 'pro' });
  const mine = await stage.started(accountId);
  const other = await stage.account({ planId: 'pro' });
  const theirs = await stage.started(other);
  const answer = await set(accountId, 'TOKEN', 'sesame-open');
  for (const text of [answer, await listSecrets(stage.ctx, accountId), await stored()])
    expect(JSON.stringify(text)).not.toContain('sesame-open');
  expect(await read(theirs.runId)).toEqual({});
  await expect(set(other, 'X', 'x', mine.sessionId)).rejects.toMatchObject({ reason: 'NOT_FOUND' });
  // A row that is moved to another account or name does not decrypt.
  await stage.ctx.sql`update secret set account_id = ${other} where account_id = ${accountId}`;
  expect(await read(theirs.runId)).toEqual({});
  await stage.ctx.sql`update secret set account_id = ${accountId} where account_id = ${other}`;
  expect(await read(mine.runId)).toEqual({ TOKEN: 'sesame-open' });
  await stopSession(stage.ctx, { accountId, sessionId: mine.sessionId });
  expect(await read(mine.runId)).toEqual({});
  expect(await read(newId())).toEqual({});
});

it('SESSION-154 a secret that is rotated opens what was sealed before, until it is renewed', async () => {
  const accountId = await stage.account({ planId: 'pro' });
  const { runId } = await stage.started(accountId);
  await set(accountId, 'TOKEN', 'kept');
  const under = (AUTH_SECRET: string) => ({ ...stage.ctx, env: { ...stage.ctx.env, AUTH_SECRET } });
  const old = stage.ctx.env.AUTH_SECRET;
  const fresh = 'a-new-secret-of-thirty-two-bytes-or-more';
  expect(await read(runId, under(fresh))).toEqual({});
  expect(await read(runId, under(`${fresh},${old}`))).toEqual({ TOKEN: 'kept' });
  expect((await renewSecrets(under(`${fresh},${old}`))).unreadable).toBe(0);
  expect(await read(runId, under(fresh))).toEqual({ TOKEN: 'kept' });
  await renewSecrets(under(`${old},${fresh}`));
});

it('SESSION-154 variables go with their session and their account', async () => {
  const accountId = await stage.account({ planId: 'pro' });
  const ran = await stage.started(accountId);
  const never = await createSession(stage.ctx, { accountId, name: 'never ran' });
  await set(accountId, 'A', 'x', ran.sessionId);
  await set(accountId, 'B', 'x', never.id);
  await set(accountId, 'C', 'x');
  for (const sessionId of [ran.sessionId, never.id]) await deleteSession(stage.ctx, { accountId, sessionId });
  expect((await listSecrets(stage.ctx, accountId)).map(({ name }) => name)).toEqual(['C']);
  await deleteAccount(stage.ctx, { accountId, actor: 'operator', reason: 'test' });
  expect(await listSecrets(stage.ctx, accountId)).toEqual([]);
});
