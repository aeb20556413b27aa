import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from '@/test/world';
import { ADDRESS_HEADER } from '../http/address';
import { newId } from '../ids';
import { type Auth, makeAuth } from './auth';
import { createAccount } from './create-account';
import { findActor, findSignIn } from './find-actor';
import { findQuickSignIn } from './quick-sign-in';

const worlds: World[] = [];
const statements: string[] = [];
const open = async (appUrl: string) => {
  const world = await createWorld({ env: { APP_URL: appUrl }, onStatement: (text) => statements.push(text) });
  worlds.push(world);
  await world.database.openAll();
  return { world, auth: makeAuth({ ...world.ctx, mail: { send: async () => {}, close: () => {} } }), appUrl };
};
let local: Awaited<ReturnType<typeof open>>;
beforeAll(async () => {
  local = await open('http://localhost:3000');
});
afterAll(() => Promise.all(worlds.map((world) => world.close())));

/** A sign-in library that fails the test when it is called. */
const neverAsked = {
  api: { getSession: () => expect.fail('the sign-in library was asked') },
} as unknown as Auth;

let asks = 0;
/** Creates a user who has just signed in; returns the headers of their browser. */
async function signIn({ world, auth, appUrl }: typeof local): Promise<{ headers: Headers; userId: string }> {
  const credentials = { email: `${newId()}@x.test`, password: 'correct horse battery' };
  const { userId } = await createAccount(world.ctx, credentials);
  const answer = await auth.handler(
    new Request(`${appUrl}/api/auth/sign-in/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: appUrl, [ADDRESS_HEADER]: `10.0.1.${++asks}` },
      body: JSON.stringify(credentials),
    }),
  );
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  return { headers: new Headers({ cookie: `theme=dark; ${cookie}` }), userId };
}

describe('the sign-in of a browser', () => {
  it.each(['http://localhost:3000', 'https://app.example.com'])(
    'SESSION-72 at %s is found by one read, with the result of the sign-in library',
    async (appUrl) => {
      const at = await open(appUrl);
      const { headers, userId } = await signIn(at);
      const known = await findSignIn(at.world.ctx, at.auth, headers);
      statements.length = 0;
      const actor = await findActor(at.world.ctx, neverAsked, headers);
      expect(statements).toHaveLength(1);
      expect(actor).toMatchObject({ kind: 'user', userId, role: 'owner', isAdmin: false });
      expect(actor).toMatchObject({ signInId: known?.session.id });
      await at.world.ctx.sql`update auth_user set role = 'admin' where id = ${userId}`;
      const administrator = { isAdmin: true, lacksSecondFactor: true };
      expect(await findActor(at.world.ctx, neverAsked, headers)).toMatchObject(administrator);
      await at.world.ctx.sql`update auth_user set two_factor_enabled = true where id = ${userId}`;
      const proven = { isAdmin: true, lacksSecondFactor: false };
      expect(await findActor(at.world.ctx, neverAsked, headers)).toMatchObject(proven);
    },
  );

  it('SESSION-72 ends with its row at once', async () => {
    const { world, auth } = local;
    const { headers, userId } = await signIn(local);
    await world.ctx.sql`delete from auth_sign_in where user_id = ${userId}`;
    expect(await findActor(world.ctx, auth, headers)).toBeNull();
  });

  it('SESSION-72 is refused with another signature, when sent twice, or when expired', async () => {
    const { world, auth } = local;
    const { headers, userId } = await signIn(local);
    const cookie = headers.get('cookie') ?? '';
    const [, value = ''] = /session_token=([^;]+)/.exec(cookie) ?? [];
    const [token = ''] = decodeURIComponent(value).split('.');
    const forged = [
      cookie.replace(value, encodeURIComponent(`${token}.${Buffer.alloc(32).toString('base64')}`)),
      cookie.replace(value, token),
      cookie.replace(value, `${token}.`),
      cookie.replace(value, '%zz'),
      cookie.replace(value, encodeURIComponent(`x${decodeURIComponent(value)}`)),
      'theme=dark',
    ];
    for (const one of forged) {
      const asked = new Headers({ cookie: one });
      expect(await findQuickSignIn(world.ctx, asked), one).toBeNull();
      expect(await findActor(world.ctx, auth, asked), one).toBeNull();
    }
    expect(await findQuickSignIn(world.ctx, new Headers({ cookie: `${cookie}; ${cookie}` }))).toBeNull();
    await world.ctx.sql`update auth_sign_in set expires_at = clock_timestamp() where user_id = ${userId}`;
    expect(await findActor(world.ctx, auth, headers)).toBeNull();
  });

  it('SESSION-72 that is a day old is extended by the library', async () => {
    const { world, auth } = local;
    const { headers, userId } = await signIn(local);
    await world.ctx.sql`
      update auth_sign_in set expires_at = clock_timestamp() + interval '28 days' where user_id = ${userId}`;
    expect(await findQuickSignIn(world.ctx, headers)).toBeNull();
    expect(await findActor(world.ctx, auth, headers)).toMatchObject({ userId });
    const [row] = await world.ctx.sql<{ days: number }[]>`
      select extract(epoch from expires_at - clock_timestamp())::float8 / 86400 as days from auth_sign_in where user_id = ${userId}`;
    expect(row?.days).toBeGreaterThan(29.9);
  });

  it('ACCOUNT-55 is known while the secret is changed, by one read and by the library, and not after', async () => {
    const { headers, userId } = await signIn(local);
    const { ctx } = local.world;
    const older = ctx.env.AUTH_SECRET;
    const newer = 'newer-secret-newer-secret-newer-secret';
    const under = (AUTH_SECRET: string) => {
      const changed = { ...ctx, env: { ...ctx.env, AUTH_SECRET } };
      return {
        ctx: changed,
        auth: makeAuth({ ...changed, mail: { send: async () => {}, close: () => {} } }),
      };
    };
    const both = under(`${newer},${older}`);
    expect(await findActor(both.ctx, neverAsked, headers)).toMatchObject({ userId });
    expect((await findSignIn(both.ctx, both.auth, headers))?.user.id).toBe(userId);
    const after = under(newer);
    expect(await findActor(after.ctx, after.auth, headers)).toBeNull();
    expect(await findSignIn(after.ctx, after.auth, headers)).toBeNull();
  });
});
