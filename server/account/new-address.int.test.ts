import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '@/scripts/services/processes';
import { askLibrary } from '@/test/ask-library';
import { createWorld, type World } from '@/test/world';
import { newId } from '../ids';
import type { Email } from '../mail/send';
import { makeAuth } from './auth';
import { createAccount } from './create-account';

/** Changing an address: the old one confirms, the new one is proven, and both are told. */

const PASSWORD = 'a-good-password';
let world: World;
const messages: Email[] = [];
beforeAll(async () => {
  // Users with unconfirmed addresses can sign in, as in older builds.
  world = await createWorld({ env: { CONFIRMED_EMAIL: 'optional' } });
});
afterAll(() => world.close());

const auth = () =>
  makeAuth({ ...world.ctx, mail: { send: async (message) => void messages.push(message), close: () => {} } });

const ask = (path: string, body: object, cookie = '') =>
  askLibrary(auth(), path, body, cookie ? { cookie } : {});

async function signIn(email: string, password = PASSWORD): Promise<string> {
  const answer = await ask('/sign-in/email', { email, password });
  const lines = answer.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
  return lines.find((line) => line.startsWith('hourglass.session_token=')) ?? '';
}

const newAddress = () => `n-${newId()}@x.test`;
const newPerson = () => createAccount(world.ctx, { email: newAddress(), password: PASSWORD });
const mailsTo = (email: string) => messages.filter(({ to }) => to === email);

/** Returns the token of the newest email with this subject to an address. */
async function tokenTo(email: string, subject: string): Promise<string> {
  const newest = () => mailsTo(email).findLast((mail) => mail.subject === subject);
  expect(await waitFor(async () => newest() !== undefined, 5_000), `${subject} to ${email}`).toBe(true);
  return /new-address\?token=([\w.-]+)/.exec(newest()?.text ?? '')?.[1] ?? '';
}
const MOVE = 'Move your account to another address';
const PROVE = 'Confirm your new address';

const addressOf = async (userId: string) => {
  const [row] = await world.ctx
    .sql`select email, email_verified as proven from auth_user where id = ${userId}`;
  return { ...row };
};
const codeOf = async (answer: Response) => [answer.status, (await answer.json()).code];

describe('changing an address', () => {
  it('ACCOUNT-45 the old address confirms, the new one is proven where the account is signed in, and the old one is told', async () => {
    const person = await newPerson();
    const cookie = await signIn(person.email);
    const to = newAddress();
    expect((await ask('/new-address', { email: ` ${to.toUpperCase()} ` }, cookie)).status).toBe(200);
    expect(mailsTo(to)).toEqual([]);
    const move = await tokenTo(person.email, MOVE);
    const sent = await ask('/confirm-new-address', { token: move });
    expect(await sent.json()).toEqual({ outcome: 'sent' });
    const unchanged = { email: person.email, proven: true };
    expect(await addressOf(person.userId)).toEqual(unchanged);
    const token = await tokenTo(to, PROVE);
    // The reader of that email, without a sign-in of the account, would be given another person's account.
    expect(await codeOf(await ask('/confirm-new-address', { token }))).toEqual([403, 'SIGN_IN_FIRST']);
    const stranger = await signIn((await newPerson()).email);
    expect(await codeOf(await ask('/confirm-new-address', { token }, stranger))).toEqual([
      403,
      'SIGN_IN_FIRST',
    ]);
    expect(await addressOf(person.userId)).toEqual(unchanged);
    const done = await ask('/confirm-new-address', { token }, cookie);
    expect(await done.json()).toEqual({ outcome: 'changed' });
    expect(await addressOf(person.userId)).toEqual({ email: to, proven: true });
    expect(await signIn(to)).not.toBe('');
    expect(await signIn(person.email)).toBe('');
    const told = () => mailsTo(person.email).some(({ subject }) => subject === 'Your address was changed');
    expect(await waitFor(async () => told(), 5_000)).toBe(true);
    const notes = await world.ctx.sql`
      select actor, before, after from audit where account_id = ${person.accountId} and action = 'account.changeAddress'`;
    expect([...notes]).toEqual([{ actor: `user:${person.userId}`, before: null, after: null }]);
    for (const used of [move, token])
      expect((await ask('/confirm-new-address', { token: used }, cookie)).status).toBe(400);
  });

  it('ACCOUNT-45 an address that has an account keeps it, and only its owner learns of the attempt', async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const cookie = await signIn(person.email);
    const [taken, free] = await Promise.all(
      [other.email, newAddress()].map(async (email) => {
        const answer = await ask('/new-address', { email }, cookie);
        return [answer.status, await answer.text()];
      }),
    );
    expect(taken).toEqual(free);
    await ask('/new-address', { email: other.email }, cookie);
    const token = await tokenTo(person.email, MOVE);
    const sent = await ask('/confirm-new-address', { token });
    expect(await sent.json()).toEqual({ outcome: 'sent' });
    expect(await waitFor(async () => mailsTo(other.email).length > 0, 5_000)).toBe(true);
    expect(mailsTo(other.email).map(({ subject }) => subject)).toEqual(['You have an account already']);
    expect(await addressOf(person.userId)).toMatchObject({ email: person.email });
  });

  it('ACCOUNT-45 one that was taken meanwhile is refused, and nothing changes', async () => {
    const person = await newPerson();
    const cookie = await signIn(person.email);
    const to = newAddress();
    await ask('/new-address', { email: to }, cookie);
    await ask('/confirm-new-address', { token: await tokenTo(person.email, MOVE) });
    const token = await tokenTo(to, PROVE);
    await createAccount(world.ctx, { email: to });
    expect(await codeOf(await ask('/confirm-new-address', { token }, cookie))).toEqual([
      400,
      'INVALID_TOKEN',
    ]);
    expect(await addressOf(person.userId)).toMatchObject({ email: person.email });
  });

  it('ACCOUNT-45 of an account whose address was never confirmed needs the new one alone, which ends what was made before', async () => {
    const email = newAddress();
    const older = await signIn(
      (await ask('/sign-up/email', { email, password: PASSWORD, name: 'P' })) && email,
    );
    const cookie = await signIn(email);
    const to = newAddress();
    await ask('/new-address', { email: to }, cookie);
    const done = await ask('/confirm-new-address', { token: await tokenTo(to, PROVE) }, cookie);
    expect(await done.json()).toEqual({ outcome: 'changed' });
    const [person] = await world.ctx.sql`select id, email_verified from auth_user where email = ${to}`;
    expect(person?.email_verified).toBe(true);
    const signIns = await world.ctx.sql`select 1 from auth_sign_in where user_id = ${person?.id}`;
    expect([signIns.length, older === '']).toEqual([1, false]);
    expect(mailsTo(email).map(({ subject }) => subject)).not.toContain('Your address was changed');
  });

  it('ACCOUNT-45 ACCOUNT-42 needs a fresh sign-in, and forged links do nothing', async () => {
    const person = await newPerson();
    const cookie = await signIn(person.email);
    const old = world.ctx.sql`
      update auth_sign_in set created_at = now() - interval '11 minutes' where user_id = ${person.userId}`;
    await old;
    const refused = await ask('/new-address', { email: newAddress() }, cookie);
    expect(await codeOf(refused)).toEqual([403, 'FRESH_SIGN_IN_REQUIRED']);
    expect((await ask('/new-address', { email: newAddress() })).status).toBe(401);
    await ask('/fresh-sign-in', { password: PASSWORD }, cookie);
    await ask('/new-address', { email: newAddress() }, cookie);
    const token = await tokenTo(person.email, MOVE);
    for (const bad of [token.slice(0, -2), 'x', '', `${token}x`])
      expect((await ask('/confirm-new-address', { token: bad }, cookie)).status, bad).toBe(400);
    // The token only confirms a change, and the library's own endpoint is closed.
    expect((await ask('/confirm-address', { token })).status).toBe(400);
    expect((await ask('/change-email', { newEmail: newAddress() }, cookie)).status).toBe(404);
  });

  it('ACCOUNT-45 leaves no access for the old address, and no second month under it', async () => {
    const person = await newPerson();
    const { sql } = world.ctx;
    const cookie = await signIn(person.email);
    await ask('/request-password-reset', { email: person.email, redirectTo: '/reset-password' });
    const reset = () => mailsTo(person.email).find(({ subject }) => subject === 'Choose a new password');
    await waitFor(async () => reset() !== undefined, 5_000);
    const [period] = await sql<
      { now: string }[]
    >`select to_char(hg_clock() at time zone 'UTC', 'YYYY-MM') as now`;
    await sql`insert into usage_period (account_id, period, used_ms) values (${person.accountId}, ${period?.now ?? ''}, 3600000)`;
    const to = newAddress();
    await ask('/new-address', { email: to }, cookie);
    await ask('/confirm-new-address', { token: await tokenTo(person.email, MOVE) });
    await ask('/confirm-new-address', { token: await tokenTo(to, PROVE) }, cookie);
    const token = /reset-password\/([\w.-]+)/.exec(reset()?.text ?? '')?.[1] ?? '';
    expect((await ask('/reset-password', { token, newPassword: 'another-password' })).status).toBe(400);
    const again = await createAccount(world.ctx, { email: person.email });
    const [used] = await sql`select used_ms from usage_period where account_id = ${again.accountId}`;
    expect(Number(used?.used_ms)).toBe(3_600_000);
  });
});

it('ACCOUNT-46 a name is changed to a visible one', async () => {
  const person = await newPerson();
  const cookie = await signIn(person.email);
  expect((await ask('/update-user', { name: '  Ada   Lovelace ' }, cookie)).status).toBe(200);
  expect((await ask('/update-user', { name: '\u200b' }, cookie)).status).toBe(400);
  expect((await ask('/update-user', { role: 'admin' }, cookie)).status).toBe(400);
  expect((await ask('/update-user', { twoFactorEnabled: true }, cookie)).status).toBe(400);
  const [row] = await world.ctx.sql`select name, role from auth_user where id = ${person.userId}`;
  expect(row?.name.replace(/\s+/g, ' ')).toBe('Ada Lovelace');
  expect(row?.role).toBe('user');
});
