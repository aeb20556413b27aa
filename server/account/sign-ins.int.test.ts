import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askLibrary } from '@/test/ask-library';
import { createWorld, type World } from '@/test/world';
import type { DomainError } from '../errors';
import { ADDRESS_HEADER } from '../http/address';
import { newId } from '../ids';
import { createCaller } from '../router';
import { makeAuth } from './auth';
import { createAccount } from './create-account';
import { findActor } from './find-actor';

/** What users see of their sign-ins, how these end, and what an old one permits. */

const home = 'http://localhost:3000';
const PASSWORD = 'a-good-password';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1';
let world: World;
const tries: string[] = [];
beforeAll(async () => {
  world = await createWorld();
  const takeSignIn = async (email: string) => void tries.push(email);
  world.ctx.rates = { ...world.ctx.rates, takeSignIn };
});
afterAll(() => world.close());

const auth = () => makeAuth({ ...world.ctx, mail: { send: async () => {}, close: () => {} } });

const ask = (path: string, body: object, headers: Record<string, string> = {}) =>
  askLibrary(auth(), path, body, headers);

type Person = { email: string; userId: string; accountId: string };

async function newPerson(): Promise<Person> {
  return createAccount(world.ctx, { email: `p-${newId()}@x.test`, password: PASSWORD });
}

async function signIn({ email }: Person, agent = FIREFOX): Promise<string> {
  const headers = { 'user-agent': agent, [ADDRESS_HEADER]: '203.0.113.7' };
  const answer = await ask('/sign-in/email', { email, password: PASSWORD }, headers);
  const lines = answer.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
  return lines.find((line) => line.startsWith('hourglass.session_token=')) ?? '';
}

/** Returns the procedures as the browser with this cookie calls them. */
async function as(cookie: string) {
  const actor = await findActor(world.ctx, auth(), new Headers({ cookie }));
  return createCaller({ ...world.ctx, actor, requestId: 't', responseHeaders: new Headers() });
}

const reasonOf = (error: { cause: DomainError }) => error.cause?.reason ?? String(error);
/** Makes all sign-ins of a user this many minutes old. */
const age = ({ userId }: Person, minutes: number) =>
  world.ctx.sql`update auth_sign_in set created_at = now() - ${minutes} * interval '1 minute',
    updated_at = now() - ${minutes} * interval '1 minute' where user_id = ${userId}`;
const notesOf = ({ accountId }: Person, action: string) =>
  world.ctx
    .sql`select actor, after from audit where account_id = ${accountId} and action = ${action} order by id`;

describe('sign-ins', () => {
  it('ACCOUNT-41 are listed with the name of the device, their last use, and which one is current', async () => {
    const person = await newPerson();
    await signIn(person, IPHONE);
    await age(person, 90);
    const cookie = await signIn(person);
    const list = await (await as(cookie)).signIn.list();
    expect(list).toMatchObject([
      { device: 'Firefox on Linux', address: '203.0.113.7', isCurrent: true },
      { device: 'Safari on iPhone', address: '203.0.113.7', isCurrent: false },
    ]);
    const ageMs = Date.now() - Date.parse(list[1]?.lastUsedAt ?? '');
    expect(Math.abs(ageMs - 90 * 60_000)).toBeLessThan(60_000);
    expect(JSON.stringify(list)).not.toContain(decodeURIComponent(cookie.split('=')[1] ?? '').split('.')[0]);
  });

  it('ACCOUNT-41 end one by one or all others at once, and this is recorded', async () => {
    const person = await newPerson();
    const [lost, older, here] = [await signIn(person, IPHONE), await signIn(person), await signIn(person)];
    const caller = await as(here);
    const other = (await caller.signIn.list()).find(({ device }) => device === 'Safari on iPhone');
    expect(await caller.signIn.end({ signInId: other?.id ?? '' })).toEqual({ ended: 1 });
    await expect((await as(lost)).signIn.list()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(await caller.signIn.endOthers()).toEqual({ ended: 1 });
    await expect((await as(older)).signIn.list()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(await (await as(here)).signIn.list()).toHaveLength(1);
    const actor = `user:${person.userId}`;
    expect([...(await notesOf(person, 'signIn.end'))]).toEqual([
      { actor, after: { signIns: 1 } },
      { actor, after: { signIns: 1 } },
    ]);
  });

  it('ACCOUNT-41 of another user are not found', async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const theirs = await signIn(other);
    const [id] = (await (await as(theirs)).signIn.list()).map((one) => one.id);
    const caller = await as(await signIn(person));
    expect(await caller.signIn.end({ signInId: id ?? '' }).catch(reasonOf)).toBe('NOT_FOUND');
    expect(await caller.signIn.end({ signInId: newId() }).catch(reasonOf)).toBe('NOT_FOUND');
    expect(await (await as(theirs)).signIn.list()).toHaveLength(1);
  });

  it('ACCOUNT-41 are not listed by the library, whose answer holds the secret of each', async () => {
    const cookie = await signIn(await newPerson());
    const answer = await auth().handler(
      new Request(`${home}/api/auth/list-sessions`, { headers: { cookie } }),
    );
    expect(answer.status).toBe(404);
    for (const path of ['/revoke-session', '/revoke-sessions', '/revoke-other-sessions'])
      expect((await ask(path, { token: 'x' }, { cookie })).status, path).toBe(404);
  });
});

describe('a sign-in that is older than ten minutes', () => {
  const input = { name: 'ci', scopes: ['session:read' as const] };

  it('ACCOUNT-42 makes no key and deletes no account until the password was given again', async () => {
    const person = await newPerson();
    const cookie = await signIn(person);
    await age(person, 11);
    const caller = await as(cookie);
    await expect(caller.apiKey.create(input)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      cause: { reason: 'FRESH_SIGN_IN_REQUIRED' },
    });
    const { email } = person;
    expect(await caller.account.delete({ email }).catch(reasonOf)).toBe('FRESH_SIGN_IN_REQUIRED');
    expect((await ask('/fresh-sign-in', { password: PASSWORD }, { cookie })).status).toBe(200);
    expect(await caller.apiKey.create(input)).toMatchObject({ name: 'ci' });
    expect(await caller.account.delete({ email })).toEqual({ deleted: true });
  });

  it('ACCOUNT-42 stays old with a wrong password, and every attempt counts like an attempt to sign in', async () => {
    const person = await newPerson();
    const cookie = await signIn(person);
    await age(person, 11);
    tries.length = 0;
    const wrong = await ask('/fresh-sign-in', { password: 'not-the-password' }, { cookie });
    expect([wrong.status, (await wrong.json()).code]).toEqual([400, 'INVALID_PASSWORD']);
    expect(tries).toEqual([person.email]);
    expect(await (await as(cookie)).apiKey.create(input).catch(reasonOf)).toBe('FRESH_SIGN_IN_REQUIRED');
    expect((await ask('/fresh-sign-in', { password: PASSWORD })).status).toBe(401);
  });

  it('ACCOUNT-42 is fresh for ten minutes after the password, and no other sign-in is', async () => {
    const person = await newPerson();
    const [cookie, other] = [await signIn(person), await signIn(person)];
    await age(person, 11);
    await ask('/fresh-sign-in', { password: PASSWORD }, { cookie });
    expect(await (await as(other)).apiKey.create(input).catch(reasonOf)).toBe('FRESH_SIGN_IN_REQUIRED');
    await world.ctx.sql`
      update auth_sign_in set proven_at = proven_at - interval '11 minutes' where user_id = ${person.userId}`;
    expect(await (await as(cookie)).apiKey.create(input).catch(reasonOf)).toBe('FRESH_SIGN_IN_REQUIRED');
  });
});
