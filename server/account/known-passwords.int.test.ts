import { afterAll, beforeAll, expect, it } from 'vitest';
import { askLibrary } from '@/test/ask-library';
import { createWorld, type World } from '@/test/world';
import { newId } from '../ids';
import { makeAuth } from './auth';
import { createAccount } from './create-account';

const PASSWORD = 'a-good-password';
let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const ask = (path: string, body: object, cookie = '') =>
  askLibrary(
    makeAuth({ ...world.ctx, mail: { send: async () => {}, close: () => {} } }),
    path,
    body,
    cookie ? { cookie } : {},
  );
const answerOf = async (answer: Response) => {
  const { code, message } = await answer.json();
  return [answer.status, code, message];
};
const known = [400, 'INVALID_INPUT', expect.stringContaining('among the most common')];

it('ACCOUNT-65 a common password is refused at sign-up and wherever one is set, in any letter case', async () => {
  const email = `k-${newId()}@x.test`;
  for (const password of ['password1', 'PassWord1', 'qwertyuiop', '1234567890'])
    expect(await answerOf(await ask('/sign-up/email', { email, password, name: 'P' })), password).toEqual(
      known,
    );
  await expect(createAccount(world.ctx, { email, password: 'iloveyou' })).rejects.toMatchObject({
    reason: 'INVALID_INPUT',
  });
  expect(await world.ctx.sql`select 1 from auth_user where email = ${email}`).toHaveLength(0);
  await createAccount(world.ctx, { email, password: PASSWORD });
  const signedIn = await ask('/sign-in/email', { email, password: PASSWORD });
  const cookie = signedIn.headers.getSetCookie().map((line) => line.split(';')[0]);
  const change = { currentPassword: PASSWORD, newPassword: 'football' };
  expect(await answerOf(await ask('/change-password', change, cookie.join('; ')))).toEqual(known);
  expect(await answerOf(await ask('/reset-password', { token: 'x', newPassword: 'baseball' }))).toEqual(
    known,
  );
  expect((await ask('/sign-in/email', { email, password: PASSWORD })).status).toBe(200);
});
