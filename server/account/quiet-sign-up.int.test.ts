import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '@/scripts/services/processes';
import { askLibrary } from '@/test/ask-library';
import { createWorld, type World } from '@/test/world';
import { newId } from '../ids';
import type { Email } from '../mail/send';
import { makeAuth } from './auth';
import { createAccount } from './create-account';
import { findActor } from './find-actor';

/**
 * Signing up where an address must be confirmed: what the caller learns, what the owner receives, and how it is
 * finished.
 */

const PASSWORD = 'a-good-password';
let world: World;
const messages: Email[] = [];
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const auth = (ctx = world.ctx) =>
  makeAuth({ ...ctx, mail: { send: async (message) => void messages.push(message), close: () => {} } });
const ask = (path: string, body: object, cookie = '', ctx = world.ctx) =>
  askLibrary(auth(ctx), path, body, cookie ? { cookie } : {});

const newAddress = () => `s-${newId()}@x.test`;
const signUp = (email: string, more: object = {}) =>
  ask('/sign-up/email', { email, password: PASSWORD, name: 'P', ...more });
const signIn = (email: string, password = PASSWORD) => ask('/sign-in/email', { email, password });
const cookiesOf = (answer: Response) =>
  answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .join('; ');
const subjectsTo = (email: string) => messages.filter(({ to }) => to === email).map(({ subject }) => subject);
const CONFIRM = 'Confirm your address';

/** Returns the newest link that confirms an address. */
async function linkTo(email: string, count = 1): Promise<URL> {
  const all = () => messages.filter(({ to, subject }) => to === email && subject === CONFIRM);
  expect(await waitFor(async () => all().length >= count, 5_000), email).toBe(true);
  return new URL(/https?:\S+/.exec(all().at(-1)?.text ?? '')?.[0] ?? '');
}
const tokenTo = async (email: string, count = 1) => (await linkTo(email, count)).searchParams.get('token');

/** Returns everything of a response that a caller sees, without its random parts. */
async function seen(answer: Response) {
  const cookies = answer.headers.getSetCookie().map((line) => {
    const [pair = '', ...attributes] = line.split('; ');
    const [name, value = ''] = pair.split('=');
    return [name, value.replace(/%../g, 'x').length > 0, attributes];
  });
  const headers = [...answer.headers].filter(([name]) => name !== 'set-cookie');
  return { status: answer.status, body: await answer.text(), headers, cookies };
}

describe('signing up', () => {
  it('ACCOUNT-60 answers the same for an address that is new, has an account, or was signed up before', async () => {
    const [known, unconfirmed, fresh] = [newAddress(), newAddress(), newAddress()];
    await createAccount(world.ctx, { email: known, password: 'the-owners-password' });
    await signUp(unconfirmed);
    const answers = await Promise.all(
      [fresh, known, unconfirmed].map(async (one) => seen(await signUp(one))),
    );
    expect(answers[0]?.status).toBe(200);
    expect(answers[0]?.cookies).toHaveLength(1);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect(JSON.stringify(answers[0])).not.toContain('session_token');
  });

  it('ACCOUNT-60 takes as long for a known address as for a new one', async () => {
    const known = newAddress();
    await createAccount(world.ctx, { email: known });
    for (const email of [known, newAddress()]) {
      const from = performance.now();
      await signUp(email);
      expect(performance.now() - from, email).toBeGreaterThan(490);
    }
  });

  it('ACCOUNT-60 tells the owner of a known address by email, and changes nothing of theirs', async () => {
    const known = newAddress();
    await createAccount(world.ctx, { email: known, password: 'the-owners-password' });
    await signUp(known.toUpperCase());
    expect(await waitFor(async () => subjectsTo(known).length > 0, 5_000)).toBe(true);
    expect(subjectsTo(known)).toEqual(['You have an account already']);
    expect((await signIn(known)).status).toBe(401);
    expect((await signIn(known, 'the-owners-password')).status).toBe(200);
  });

  it('ACCOUNT-60 reveals nothing by signing in afterwards either: the answer is that of a wrong password', async () => {
    const [known, fresh] = [newAddress(), newAddress()];
    await createAccount(world.ctx, { email: known, password: 'the-owners-password' });
    await Promise.all([signUp(known), signUp(fresh)]);
    const [right, wrong, nobody] = [await signIn(fresh), await signIn(known), await signIn(newAddress())];
    const expected = await seen(nobody);
    expect(expected.status).toBe(401);
    expect([await seen(right), await seen(wrong)]).toEqual([expected, expected]);
    // A user who has the password and lost the email gets another one.
    await linkTo(fresh, 2);
  });

  it('ACCOUNT-60 sends no more emails than an address may get, known or not', async () => {
    const asked: string[] = [];
    const rates = { ...world.ctx.rates, takeEmail: async (email: string) => void asked.push(email) };
    const [known, fresh] = [newAddress(), newAddress()];
    await createAccount(world.ctx, { email: known });
    const body = { password: PASSWORD, name: 'P' };
    for (const email of [known, fresh])
      await ask('/sign-up/email', { email, ...body }, '', { ...world.ctx, rates });
    expect(asked).toEqual([known, fresh]);
  });
});

describe('the link in the email', () => {
  it('ACCOUNT-61 confirms and signs in the browser that signed up, and changes nothing else', async () => {
    const email = newAddress();
    const cookie = cookiesOf(await signUp(email));
    const done = await ask('/confirm-address', { token: await tokenTo(email) }, cookie);
    expect(await done.json()).toEqual({ outcome: 'signed_in' });
    const actor = await findActor(world.ctx, auth(), new Headers({ cookie: cookiesOf(done) }));
    expect(actor).toMatchObject({ kind: 'user', role: 'owner' });
    expect((await signIn(email)).status).toBe(200);
  });

  it('ACCOUNT-61 asks for the password in another browser, and hands the account over without it', async () => {
    const email = newAddress();
    await signUp(email);
    const token = await tokenTo(email);
    const wrong = await ask('/confirm-address', { token, password: 'not-the-password' });
    expect([wrong.status, (await wrong.json()).code]).toEqual([400, 'WRONG_PASSWORD']);
    // The cookie of a sign-up with a known address, or with another one, gives no access here.
    const others = cookiesOf(await signUp(newAddress()));
    const again = cookiesOf(await signUp(email));
    const done = await ask('/confirm-address', { token, password: PASSWORD });
    expect(await done.json()).toEqual({ outcome: 'signed_in' });
    const planted = newAddress();
    await signUp(planted);
    for (const cookie of [others, again]) {
      const taken = await ask('/confirm-address', { token: await tokenTo(planted) }, cookie);
      expect((await taken.json()).outcome, cookie).toBe(
        cookie === others ? 'taken_over' : 'confirmed_before',
      );
    }
    expect((await signIn(planted)).status).toBe(401);
  });

  it('ACCOUNT-61 leads on to the requested page', async () => {
    const email = newAddress();
    await signUp(email, { callbackURL: '/billing/upgrade?plan=pro' });
    expect((await linkTo(email)).searchParams.get('next')).toBe('/billing/upgrade?plan=pro');
    const other = newAddress();
    await signUp(other);
    expect((await linkTo(other)).searchParams.get('next')).toBeNull();
  });

  it('ACCOUNT-61 ACCOUNT-43 does not bypass a second factor', async () => {
    const email = newAddress();
    const cookie = cookiesOf(await signUp(email));
    await world.ctx.sql`update auth_user set two_factor_enabled = true where email = ${email}`;
    const done = await ask('/confirm-address', { token: await tokenTo(email) }, cookie);
    expect(await done.json()).toEqual({ outcome: 'confirmed' });
    expect(cookiesOf(done)).not.toContain('session_token');
  });
});

it('ACCOUNT-62 where addresses need not be confirmed, signing up signs in at once', async () => {
  const env = { ...world.ctx.env, CONFIRMED_EMAIL: 'optional' as const };
  const body = { email: newAddress(), password: PASSWORD, name: 'P' };
  const answer = await ask('/sign-up/email', body, '', { ...world.ctx, env });
  const actor = await findActor(world.ctx, auth(), new Headers({ cookie: cookiesOf(answer) }));
  expect(actor).toMatchObject({ kind: 'user', role: 'owner' });
});
