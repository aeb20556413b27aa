import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '@/scripts/services/processes';
import { createWorld, type World } from '@/test/world';
import type { Actor, Ctx } from '../context';
import type { DomainError } from '../errors';
import { newId } from '../ids';
import type { Email } from '../mail/send';
import { createCaller } from '../router';
import { batchStatus } from '../session/batch-status';
import { createSession } from '../session/create';
import { newApiKeyText } from './api-key-text';
import { makeAuth } from './auth';
import { createAccount } from './create-account';
import { createApiKey } from './create-api-key';
import { findActor } from './find-actor';

/**
 * A person signs up with the address of another, who later proves that it is theirs. Here a sign-up signs in at once,
 * as in older builds.
 */

const home = 'http://localhost:3000';
const PASSWORD = 'a-good-password';
const messages: Email[] = [];
let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const auth = () =>
  makeAuth({
    ...world.ctx,
    env: { ...world.ctx.env, CONFIRMED_EMAIL: 'optional' },
    mail: { send: async (message) => void messages.push(message), close: () => {} },
  });

async function ask(path: string, body: object | null, cookie = ''): Promise<Response> {
  return auth().handler(
    new Request(`${home}/api/auth${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json', origin: home, ...(cookie ? { cookie } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    }),
  );
}

const cookieOf = (answer: Response): string =>
  answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .find((line) => line?.startsWith('hourglass.session_token=')) ?? '';

/** Returns the token in the newest email to an address. */
async function tokenIn(email: string, subject: string): Promise<string> {
  const newest = () => messages.filter(({ to, subject: of }) => to === email && of === subject).at(-1);
  await waitFor(async () => newest() !== undefined, 5_000);
  return /(?:token=|reset-password\/)([\w.-]+)/.exec(newest()?.text ?? '')?.[1] ?? '';
}
const confirmToken = (email: string) => tokenIn(email, 'Confirm your address');
async function resetToken(email: string): Promise<string> {
  await ask('/request-password-reset', { email, redirectTo: '/reset-password' });
  return tokenIn(email, 'Choose a new password');
}

type Planted = { email: string; userId: string; accountId: string; cookie: string; key: string };

/** Creates a planted account: with a sign-in, a key as older builds made them, and a session. */
async function plant(): Promise<Planted> {
  const { sql } = world.ctx;
  const email = `owner-${newId()}@x.test`;
  const cookie = cookieOf(await ask('/sign-up/email', { email, password: PASSWORD, name: 'P' }));
  const [row] = await sql<{ id: string; account_id: string }[]>`
    select u.id, m.account_id from auth_user u join member m on m.user_id = u.id where u.email = ${email}`;
  const [userId, accountId] = [row?.id ?? '', row?.account_id ?? ''];
  const { key, prefix, hash } = newApiKeyText();
  await sql`insert into api_key (id, account_id, name, scopes, prefix, hash, created_by)
    values (${newId()}, ${accountId}, 'planted', '{session:write}', ${prefix}, ${hash}, ${userId})`;
  await createSession(world.ctx, { accountId, name: 'planted' });
  return { email, userId, accountId, cookie, key };
}

/** Returns the actor that a cookie or key authenticates; null for none. */
const actorOf = (headers: Record<string, string>) =>
  findActor(world.ctx, auth(), new Headers(headers)).catch((error: DomainError) => error.reason);
const outcome = async ({ cookie, key, accountId, userId }: Planted) => {
  const [person] = await world.ctx.sql`select email_verified from auth_user where id = ${userId}`;
  const byKey = await actorOf({ authorization: `Bearer ${key}` });
  return {
    confirmed: person?.email_verified,
    signIn: (await actorOf({ cookie })) === null ? 'ended' : 'lives',
    key: byKey === 'UNAUTHORIZED' ? 'ended' : 'lives',
    sessions: (await batchStatus(world.ctx, accountId)).sessions.length,
  };
};
/** Keeps an account below its limit of keys. */
const revokeOld = (accountId: string) =>
  world.ctx.sql`delete from api_key where account_id = ${accountId} and id not in (
    select id from api_key where account_id = ${accountId} order by id desc limit 5)`;
const notesOf = async (accountId: string) =>
  (
    await world.ctx.sql<{ action: string; actor: string; after: unknown }[]>`
      select action, actor, after from audit where account_id = ${accountId} order by id`
  ).map((note) => ({ ...note }));
const nothingKept = { confirmed: true, signIn: 'ended', key: 'ended', sessions: 0 };
const untouched = { confirmed: false, signIn: 'lives', key: 'lives', sessions: 1 };

describe('a link that confirms an address', () => {
  it('ACCOUNT-32 leads to a page and does nothing when opened; the old endpoint is closed', async () => {
    const planted = await plant();
    const token = await confirmToken(planted.email);
    expect(messages.find(({ to }) => to === planted.email)?.text).toContain(
      `${home}/confirm-address?token=${token}`,
    );
    for (const path of [`/verify-email?token=${token}`, `/confirm-address?token=${token}`])
      expect((await ask(path, null)).status).toBe(404);
    expect(await outcome(planted)).toEqual(untouched);
  });

  it('ACCOUNT-33 ends keys, sign-ins, the password and sessions made before, for a browser that is not signed in', async () => {
    const planted = await plant();
    const answer = await ask('/confirm-address', { token: await confirmToken(planted.email) });
    const { newPasswordToken } = await answer.json();
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await outcome(planted)).toEqual(nothingKept);
    const again = { email: planted.email, password: PASSWORD };
    expect((await ask('/sign-in/email', again)).status).toBe(401);
    const newPassword = 'the-owners-password';
    expect((await ask('/reset-password', { token: newPasswordToken, newPassword })).status).toBe(200);
    expect(cookieOf(await ask('/sign-in/email', { ...again, password: newPassword }))).not.toBe('');
    expect(await notesOf(planted.accountId)).toMatchObject([
      {
        action: 'account.confirmAddress',
        actor: `user:${planted.userId}`,
        after: { by: 'link', keys: 1, signIns: 1, sessions: 1 },
      },
      { action: 'account.replacePassword' },
    ]);
  });

  it('ACCOUNT-33 opened where the same person is signed in keeps that sign-in and the sessions, and ends the rest', async () => {
    const planted = await plant();
    const credentials = { email: planted.email, password: PASSWORD };
    const here = cookieOf(await ask('/sign-in/email', credentials));
    await ask('/confirm-address', { token: await confirmToken(planted.email) }, here);
    expect(await outcome(planted)).toEqual({ ...nothingKept, sessions: 1 });
    expect(await outcome({ ...planted, cookie: here })).toMatchObject({ signIn: 'lives' });
    expect((await ask('/sign-in/email', credentials)).status).toBe(200);
  });

  it('ACCOUNT-33 opened where another user is signed in ends everything too', async () => {
    const [planted, visitor] = [await plant(), await plant()];
    await ask('/confirm-address', { token: await confirmToken(planted.email) }, visitor.cookie);
    expect(await outcome(planted)).toEqual(nothingKept);
    expect(await outcome(visitor)).toEqual(untouched);
  });

  it('ACCOUNT-32 works once; a used, forged or truncated one is refused with a sentence', async () => {
    const planted = await plant();
    const token = await confirmToken(planted.email);
    const other = await confirmToken((await plant()).email);
    const forged = `${token.split('.').slice(0, 2).join('.')}.${other.split('.')[2]}`;
    for (const bad of [forged, token.slice(0, -1), 'x', '']) {
      const answer = await ask('/confirm-address', { token: bad });
      expect([answer.status, (await answer.json()).code], bad).toEqual([400, 'INVALID_TOKEN']);
    }
    expect(await outcome(planted)).toEqual(untouched);
    await ask('/confirm-address', { token });
    const again = await ask('/confirm-address', { token });
    expect(await again.json()).toEqual({ outcome: 'confirmed_before' });
    expect(await notesOf(planted.accountId)).toHaveLength(1);
  });
});

describe('a password', () => {
  it('ACCOUNT-33 replaced by email proves the address: nothing made before is left', async () => {
    const planted = await plant();
    const identity = newId();
    await world.ctx.sql`insert into auth_identity (id, account_id, provider_id, user_id)
      values (${identity}, ${identity}, 'github', ${planted.userId})`;
    const reset = { token: await resetToken(planted.email), newPassword: 'the-owners-password' };
    expect((await ask('/reset-password', reset)).status).toBe(200);
    expect(await outcome(planted)).toEqual(nothingKept);
    const ways = await world.ctx.sql`select provider_id from auth_identity where user_id = ${planted.userId}`;
    expect([...ways]).toEqual([{ provider_id: 'credential' }]);
    expect(await notesOf(planted.accountId)).toMatchObject([
      { action: 'account.confirmAddress', after: { by: 'password', keys: 1, sessions: 1 } },
    ]);
  });

  it('ACCOUNT-34 replaced by email for a confirmed address ends keys and sign-ins, and keeps the sessions', async () => {
    const person = await plant();
    await world.ctx.sql`update auth_user set email_verified = true where id = ${person.userId}`;
    const reset = { token: await resetToken(person.email), newPassword: 'another-password' };
    expect((await ask('/reset-password', reset)).status).toBe(200);
    expect(await outcome(person)).toEqual({ ...nothingKept, sessions: 1 });
    expect(await notesOf(person.accountId)).toMatchObject([
      { action: 'account.replacePassword', actor: `user:${person.userId}`, after: { keys: 1 } },
    ]);
  });

  it('ACCOUNT-34 replaced while the old sign-in makes keys leaves none of them', async () => {
    const person = await plant();
    await world.ctx.sql`update auth_user set email_verified = true where id = ${person.userId}`;
    const token = await resetToken(person.email);
    const actor = await actorOf({ cookie: person.cookie });
    if (actor === null || typeof actor === 'string') throw new Error('nobody is signed in');
    const caller = createCaller({ ...world.ctx, actor, requestId: 't', responseHeaders: new Headers() });
    const reset = ask('/reset-password', { token, newPassword: 'another-password' });
    let ended = false;
    const settled = reset.finally(() => (ended = true));
    const outcomes = new Set<string>();
    while (!ended || !outcomes.has('UNAUTHORIZED')) {
      const made = await caller.apiKey.create({ name: 'late', scopes: ['session:read'] }).then(
        ({ id }) => id,
        (error: { cause: DomainError }) => error.cause.reason,
      );
      outcomes.add(made.includes('-') ? 'made' : made);
      if (!ended && made.includes('-') && outcomes.size === 1) await revokeOld(person.accountId);
    }
    expect((await settled).status).toBe(200);
    const live = await world.ctx
      .sql`select 1 from api_key where account_id = ${person.accountId} and revoked_at is null`;
    expect([live.length, [...outcomes].sort()]).toEqual([0, ['UNAUTHORIZED', 'made']]);
  });

  it('ACCOUNT-34 changed while signed in ends keys and all other sign-ins', async () => {
    const person = await plant();
    await world.ctx.sql`update auth_user set email_verified = true where id = ${person.userId}`;
    const credentials = { email: person.email, password: PASSWORD };
    const here = cookieOf(await ask('/sign-in/email', credentials));
    const wrong = { currentPassword: 'not-the-password', newPassword: 'another-password' };
    expect((await ask('/change-password', wrong, here)).status).toBe(400);
    expect(await outcome(person)).toMatchObject({ signIn: 'lives', key: 'lives' });
    const change = { currentPassword: PASSWORD, newPassword: 'another-password' };
    const fresh = cookieOf(await ask('/change-password', change, here));
    expect(await outcome(person)).toEqual({ ...nothingKept, sessions: 1 });
    expect(await outcome({ ...person, cookie: fresh })).toMatchObject({ signIn: 'lives' });
    expect(await notesOf(person.accountId)).toMatchObject([
      { action: 'account.replacePassword', after: { keys: 1 } },
    ]);
  });
});

describe('an account with an unconfirmed address', () => {
  const as = (actor: Actor, ctx: Ctx = world.ctx) =>
    createCaller({ ...ctx, actor, requestId: 'test', responseHeaders: new Headers() });
  const ownerOf = ({ userId, accountId }: Planted): Actor => ({
    kind: 'user',
    userId,
    accountId,
    role: 'owner',
    isAdmin: false,
    lacksSecondFactor: false,
  });
  const refusal = { cause: { reason: 'EMAIL_UNCONFIRMED', code: 'FORBIDDEN' } };

  it('ACCOUNT-35 makes no key before it is confirmed, and one after', async () => {
    const planted = await plant();
    const input = { name: 'ci', scopes: ['session:read' as const] };
    await expect(as(ownerOf(planted)).apiKey.create(input)).rejects.toMatchObject(refusal);
    expect(await world.ctx.sql`select 1 from api_key where account_id = ${planted.accountId}`).toHaveLength(
      1,
    );
    await ask('/confirm-address', { token: await confirmToken(planted.email) }, planted.cookie);
    expect(await as(ownerOf(planted)).apiKey.create(input)).toMatchObject({ name: 'ci' });
  });

  it('ACCOUNT-36 starts nothing, gives the same reason everywhere, and starts once it is confirmed', async () => {
    const planted = await plant();
    const caller = as(ownerOf(planted));
    const start = { allowed: false, reason: 'EMAIL_UNCONFIRMED' };
    const status = await caller.session.batchStatus();
    const sessionId = status.sessions[0]?.id ?? '';
    expect(status).toMatchObject({ start, upgrade: null });
    expect((await caller.quota.get()).start).toEqual(start);
    await expect(caller.session.start({ sessionId })).rejects.toMatchObject(refusal);
    expect(await world.ctx.sql`select 1 from run where account_id = ${planted.accountId}`).toHaveLength(0);
    const lifted = { ...world.ctx, env: { ...world.ctx.env, CONFIRMED_EMAIL: 'optional' as const } };
    expect((await as(ownerOf(planted), lifted).quota.get()).start).toEqual({ allowed: true, reason: null });
    await ask('/confirm-address', { token: await confirmToken(planted.email) }, planted.cookie);
    expect((await caller.session.batchStatus()).start).toEqual({ allowed: true, reason: null });
  });

  it('ACCOUNT-36 one that an operator made counts as confirmed', async () => {
    const made = await createAccount(world.ctx, { email: `made-${newId()}@x.test` });
    expect((await batchStatus(world.ctx, made.accountId)).start.allowed).toBe(true);
  });
});

it('ACCOUNT-37 keys made and revoked are recorded, with who and what they may, and nothing of their text', async () => {
  const made = await createAccount(world.ctx, { email: `keys-${newId()}@x.test` });
  const { accountId, userId } = made;
  const actor = `user:${userId}`;
  const scopes = ['session:read' as const];
  const key = await createApiKey(world.ctx, { accountId, userId, isAdmin: false, actor, name: 'ci', scopes });
  const person: Actor = {
    kind: 'user',
    userId,
    accountId,
    role: 'owner',
    isAdmin: false,
    lacksSecondFactor: false,
  };
  const caller = createCaller({
    ...world.ctx,
    actor: person,
    requestId: 't',
    responseHeaders: new Headers(),
  });
  for (let times = 0; times < 2; times++) await caller.apiKey.revoke({ apiKeyId: key.id });
  const notes = await notesOf(accountId);
  expect(notes.map(({ action, actor: by }) => [action, by])).toEqual([
    ['account.create', 'operator'],
    ['apiKey.create', 'operator'],
    ['apiKey.create', actor],
    ['apiKey.revoke', actor],
  ]);
  expect(notes[2]?.after).toEqual({ id: key.id, scopes });
  expect(JSON.stringify(notes)).not.toContain(key.prefix);
});
