import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '@/operator/commands';
import { waitFor } from '@/scripts/services/processes';
import { askLibrary } from '@/test/ask-library';
import { totpOf } from '@/test/totp';
import { createWorld, type World } from '@/test/world';
import { systemClock } from '../clock';
import type { DomainError } from '../errors';
import { newId } from '../ids';
import type { Email } from '../mail/send';
import { createCaller } from '../router';
import { makeAuth } from './auth';
import { createAccount } from './create-account';
import { findActor } from './find-actor';

/** A code of an authenticator app beside the password: set up, asked for, lost, removed. */

const PASSWORD = 'a-good-password';
let world: World;
const tries: string[] = [];
const messages: Email[] = [];
beforeAll(async () => {
  world = await createWorld();
  const takeSignIn = async (email: string) => void tries.push(email);
  world.ctx.rates = { ...world.ctx.rates, takeSignIn };
});
afterAll(() => world.close());

const auth = (ctx = world.ctx) =>
  // Codes depend on the real clock, as in an authenticator app.
  makeAuth({
    ...ctx,
    clock: systemClock,
    mail: { send: async (message) => void messages.push(message), close: () => {} },
  });

const ask = (path: string, body: object, cookie = '', ctx = world.ctx) =>
  askLibrary(auth(ctx), path, body, cookie ? { cookie } : {});
const codeOf = async (answer: Response) => [answer.status, (await answer.json()).code ?? null];

const cookieIn = (answer: Response, name: string): string =>
  answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .find((line) => line.startsWith(`hourglass.${name}=`) && !line.endsWith('=')) ?? '';
const signInOf = (answer: Response) => cookieIn(answer, 'session_token');

type Person = { email: string; userId: string; accountId: string };
const newPerson = (isAdmin = false): Promise<Person> =>
  createAccount(world.ctx, { email: `p-${newId()}@x.test`, password: PASSWORD, isAdmin });
const password = ({ email }: Person) => ask('/sign-in/email', { email, password: PASSWORD });
const reasonOf = (error: { cause: DomainError }) => error.cause?.reason ?? String(error);

async function as(cookie: string, ctx = world.ctx) {
  const actor = await findActor(ctx, auth(ctx), new Headers({ cookie }));
  return createCaller({ ...ctx, actor, requestId: 't', responseHeaders: new Headers() });
}

const codeAt = (totpURI: string, atMs: number) =>
  totpOf(new URL(totpURI).searchParams.get('secret') ?? '', atMs);
const codeNow = (totpURI: string) => codeAt(totpURI, Date.now());
/** Returns the code after the one used to set up the second factor. */
const nextCode = (totpURI: string) => codeAt(totpURI, Date.now() + 30_000);

type SetUp = { totpURI: string; backupCodes: string[]; cookie: string };

async function setUp(cookie: string): Promise<SetUp> {
  const begun = await ask('/two-factor/enable', { password: PASSWORD }, cookie);
  expect(begun.status).toBe(200);
  const { totpURI, backupCodes } = await begun.json();
  const done = await ask('/two-factor/verify-totp', { code: codeNow(totpURI) }, cookie);
  expect(done.status).toBe(200);
  return { totpURI, backupCodes, cookie: signInOf(done) };
}

/** Signs in with the password alone; returns the cookie of the challenge for the second factor. */
async function challenge(person: Person): Promise<string> {
  const answer = await password(person);
  expect([answer.status, signInOf(answer)]).toEqual([200, '']);
  expect(await answer.json()).toMatchObject({ twoFactorRedirect: true });
  return cookieIn(answer, 'two_factor');
}

const notesOf = async ({ accountId }: Person) =>
  (
    await world.ctx.sql<{ action: string; after: unknown }[]>`
      select action, after from audit where account_id = ${accountId} and action like 'secondFactor.%' order by id`
  ).map(({ action, after }) => [action, after]);

describe('a second factor', () => {
  it('ACCOUNT-43 is asked for beside the password once a first code was given, and ends earlier sign-ins', async () => {
    const person = await newPerson();
    const older = signInOf(await password(person));
    const here = signInOf(await password(person));
    const { totpURI, cookie } = await setUp(here);
    expect(totpURI).toContain(encodeURIComponent(person.email));
    expect(await findActor(world.ctx, auth(), new Headers({ cookie: older }))).toBeNull();
    expect((await (await as(cookie)).signIn.list()).map(({ isCurrent }) => isCurrent)).toEqual([true]);
    const asked = await challenge(person);
    expect(await findActor(world.ctx, auth(), new Headers({ cookie: asked }))).toBeNull();
    const bad = await ask('/two-factor/verify-totp', { code: '000000' }, asked);
    expect(bad.status).toBe(401);
    const good = await ask('/two-factor/verify-totp', { code: nextCode(totpURI) }, asked);
    expect(await (await as(signInOf(good))).signIn.list()).toHaveLength(2);
    expect(await notesOf(person)).toEqual([['secondFactor.add', { signIns: 1 }]]);
  });

  it('ACCOUNT-43 that was begun and not proven with a code is not asked for', async () => {
    const person = await newPerson();
    const cookie = signInOf(await password(person));
    await ask('/two-factor/enable', { password: PASSWORD }, cookie);
    expect(signInOf(await password(person))).not.toBe('');
    expect(await notesOf(person)).toEqual([]);
  });

  it('ACCOUNT-43 recovery codes sign in once each, and new ones replace them', async () => {
    const person = await newPerson();
    const { backupCodes, cookie } = await setUp(signInOf(await password(person)));
    expect(new Set(backupCodes).size).toBe(10);
    const [code] = backupCodes;
    const first = await ask('/two-factor/verify-backup-code', { code }, await challenge(person));
    expect(await findActor(world.ctx, auth(), new Headers({ cookie: signInOf(first) }))).not.toBeNull();
    const again = await ask('/two-factor/verify-backup-code', { code }, await challenge(person));
    expect([again.status, signInOf(again)]).toEqual([401, '']);
    const renewed = await ask('/two-factor/generate-backup-codes', { password: PASSWORD }, cookie);
    const fresh = (await renewed.json()).backupCodes as string[];
    const old = await ask(
      '/two-factor/verify-backup-code',
      { code: backupCodes[1] },
      await challenge(person),
    );
    expect(old.status).toBe(401);
    const good = await ask('/two-factor/verify-backup-code', { code: fresh[0] }, await challenge(person));
    expect(signInOf(good)).not.toBe('');
    expect(await notesOf(person)).toEqual([
      ['secondFactor.add', { signIns: 0 }],
      ['secondFactor.renewCodes', null],
    ]);
  });

  it('ACCOUNT-63 takes no code twice, nor one from before it, also when two give it at once', async () => {
    const person = await newPerson();
    const { totpURI } = await setUp(signInOf(await password(person)));
    const give = async (code: string) =>
      (await ask('/two-factor/verify-totp', { code }, await challenge(person))).status;
    // The code it was set up with.
    expect(await give(codeNow(totpURI))).toBe(401);
    const code = nextCode(totpURI);
    const answers = await Promise.all([give(code), give(code), give(code)]);
    expect(answers.toSorted()).toEqual([200, 401, 401]);
    expect(await give(code)).toBe(401);
    expect(await give(codeAt(totpURI, Date.now() - 30_000))).toBe(401);
    // As if a minute had passed.
    await world.ctx
      .sql`update auth_second_factor set last_step = last_step - 2 where user_id = ${person.userId}`;
    expect(await give(codeNow(totpURI))).toBe(200);
  });

  it('ACCOUNT-43 leaves no readable secret in the database', async () => {
    const person = await newPerson();
    const { totpURI, backupCodes } = await setUp(signInOf(await password(person)));
    const [row] = await world.ctx.sql`select * from auth_second_factor where user_id = ${person.userId}`;
    const secret = new URL(totpURI).searchParams.get('secret') ?? '';
    for (const text of [secret, ...backupCodes]) expect(JSON.stringify(row)).not.toContain(text);
  });

  it('ACCOUNT-43 ACCOUNT-42 is changed with a fresh sign-in only, and the owner is told that it was removed', async () => {
    const person = await newPerson();
    const { cookie } = await setUp(signInOf(await password(person)));
    const age = () =>
      world.ctx
        .sql`update auth_sign_in set created_at = now() - interval '11 minutes' where user_id = ${person.userId}`;
    await age();
    for (const path of ['enable', 'disable', 'generate-backup-codes']) {
      const answer = await ask(`/two-factor/${path}`, { password: PASSWORD }, cookie);
      expect(await codeOf(answer), path).toEqual([403, 'FRESH_SIGN_IN_REQUIRED']);
    }
    await ask('/fresh-sign-in', { password: PASSWORD }, cookie);
    const removed = await ask('/two-factor/disable', { password: PASSWORD }, cookie);
    expect(removed.status).toBe(200);
    expect(signInOf(await password(person))).not.toBe('');
    expect((await notesOf(person)).at(-1)).toEqual(['secondFactor.remove', null]);
    const told = () => messages.some(({ to, subject }) => to === person.email && /removed/.test(subject));
    expect(await waitFor(async () => told(), 5_000)).toBe(true);
  });

  it('ACCOUNT-43 that is lost is removed by an operator, which ends every sign-in and is recorded', async () => {
    const person = await newPerson();
    await setUp(signInOf(await password(person)));
    expect(signInOf(await password(person))).toBe('');
    const drop = (email: string) =>
      COMMANDS['account drop-second-factor']?.run(world.ctx, { email, reason: 'seen in person' });
    expect((await drop(person.email.toUpperCase()))?.result).toEqual({
      email: person.email,
      endedSignIns: 1,
    });
    expect(signInOf(await password(person))).not.toBe('');
    expect((await notesOf(person)).at(-1)).toEqual(['secondFactor.remove', { signIns: 1 }]);
    await expect(drop('nobody@x.test')).rejects.toMatchObject({ reason: 'NOT_FOUND' });
  });

  it('ACCOUNT-43 guesses count per user like attempts to sign in, and no browser is trusted for longer', async () => {
    const person = await newPerson();
    const { totpURI } = await setUp(signInOf(await password(person)));
    const asked = await challenge(person);
    tries.length = 0;
    await ask('/two-factor/verify-totp', { code: '000000' }, asked);
    await ask('/two-factor/verify-backup-code', { code: 'aaaaa-aaaaa' }, asked);
    expect(tries).toEqual([`second-factor:${person.userId}`, `second-factor:${person.userId}`]);
    const body = { code: nextCode(totpURI), trustDevice: true };
    const good = await ask('/two-factor/verify-totp', body, asked);
    expect([good.status, cookieIn(good, 'trust_device')]).toEqual([200, '']);
    for (const path of ['send-otp', 'verify-otp', 'get-totp-uri'])
      expect((await ask(`/two-factor/${path}`, {}, signInOf(good))).status, path).toBe(404);
  });

  it('ACCOUNT-43 ACCOUNT-33 of a planted account is removed with it', async () => {
    const email = `planted-${newId()}@x.test`;
    const atOnce = { ...world.ctx, env: { ...world.ctx.env, CONFIRMED_EMAIL: 'optional' as const } };
    const signUp = await ask('/sign-up/email', { email, password: PASSWORD, name: 'P' }, '', atOnce);
    await setUp(signInOf(signUp));
    await ask('/request-password-reset', { email, redirectTo: '/reset-password' });
    const newest = () => messages.find(({ to, subject }) => to === email && subject.startsWith('Choose'));
    await waitFor(async () => newest() !== undefined, 5_000);
    const token = /reset-password\/([\w.-]+)/.exec(newest()?.text ?? '')?.[1] ?? '';
    await ask('/reset-password', { token, newPassword: 'the-owners-password' });
    expect(signInOf(await ask('/sign-in/email', { email, password: 'the-owners-password' }))).not.toBe('');
  });
});

describe('an administrator', () => {
  it('ACCOUNT-44 administers nothing in a browser without a second factor, and everything with one', async () => {
    const boss = await newPerson(true);
    const plain = signInOf(await password(boss));
    const caller = await as(plain);
    const refused = await caller.admin.plan.list().catch((error: Error & { cause: DomainError }) => error);
    expect(refused).toMatchObject({
      cause: { reason: 'FORBIDDEN' },
      message: expect.stringContaining('second factor'),
    });
    const key = { name: 'ops', scopes: ['admin' as const] };
    expect(await caller.apiKey.create(key).catch(reasonOf)).toBe('FORBIDDEN');
    expect(await caller.session.list()).toEqual([]);
    const { cookie } = await setUp(plain);
    expect((await (await as(cookie)).admin.plan.list()).length).toBeGreaterThan(0);
    expect(await (await as(cookie)).apiKey.create(key)).toMatchObject({ name: 'ops' });
  });

  it('ACCOUNT-44 acts with keys as before, and in a browser where the setting allows it', async () => {
    const email = `p-${newId()}@x.test`;
    const boss = await createAccount(world.ctx, { email, password: PASSWORD, isAdmin: true });
    const actor = await findActor(world.ctx, auth(), new Headers({ authorization: `Bearer ${boss.apiKey}` }));
    const byKey = createCaller({ ...world.ctx, actor, requestId: 't', responseHeaders: new Headers() });
    expect((await byKey.admin.plan.list()).length).toBeGreaterThan(0);
    const lifted = { ...world.ctx, env: { ...world.ctx.env, ADMIN_SECOND_FACTOR: 'optional' as const } };
    const caller = await as(signInOf(await password(boss)), lifted);
    expect((await caller.admin.plan.list()).length).toBeGreaterThan(0);
  });
});

it('ACCOUNT-43 ACCOUNT-55 keeps working while the secret is rotated', async () => {
  const person = await newPerson();
  const { totpURI, backupCodes } = await setUp(signInOf(await password(person)));
  const { env } = world.ctx;
  const changed = { ...env, AUTH_SECRET: `a-new-secret-a-new-secret-a-new-secret,${env.AUTH_SECRET}` };
  world.ctx.env = changed;
  try {
    const code = nextCode(totpURI);
    expect((await ask('/two-factor/verify-totp', { code }, await challenge(person))).status).toBe(200);
    const recovery = { code: backupCodes[0] };
    expect((await ask('/two-factor/verify-backup-code', recovery, await challenge(person))).status).toBe(200);
  } finally {
    world.ctx.env = env;
  }
});

it('ACCOUNT-64 is encrypted anew under the new secret by a command, and readable once the old one is gone', async () => {
  const { env } = world.ctx;
  await world.ctx.sql`delete from auth_second_factor`;
  const [kept, late] = [await newPerson(), await newPerson()];
  const factor = await setUp(signInOf(await password(kept)));
  const newer = 'a-third-secret-a-third-secret-a-third-secret';
  const under = (AUTH_SECRET: string) => ({ ...world.ctx, env: { ...env, AUTH_SECRET } });
  const renew = async (secret: string) =>
    (await COMMANDS['account renew-second-factors']?.run(under(secret), {}))?.result;
  const both = `${newer},${env.AUTH_SECRET}`;
  expect(await renew(both)).toEqual({ renewed: 1, unreadable: 0 });
  expect(await renew(both)).toEqual({ renewed: 0, unreadable: 0 });
  const old = await setUp(signInOf(await password(late)));
  world.ctx.env = { ...env, AUTH_SECRET: newer };
  try {
    const give = async (person: Person, path: string, code?: string) =>
      (await ask(`/two-factor/${path}`, { code }, await challenge(person))).status;
    expect(await give(kept, 'verify-totp', nextCode(factor.totpURI))).toBe(200);
    expect(await give(kept, 'verify-backup-code', factor.backupCodes[0])).toBe(200);
    // Set up under the old secret after the command had run.
    await expect(give(late, 'verify-totp', nextCode(old.totpURI))).rejects.toThrow(/Secret version/);
    expect(await renew(newer)).toEqual({ renewed: 0, unreadable: 1 });
  } finally {
    world.ctx.env = env;
  }
});
