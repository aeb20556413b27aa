import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { createWorld, type World } from '@/test/world';
import { ADDRESS_HEADER } from '../http/address';
import { newId } from '../ids';
import { noRates } from '../without-redis';
import { makeAuth } from './auth';

let world: World;
const home = 'http://localhost:3000';
beforeAll(async () => {
  world = await createWorld({ env: { AUTH_GITHUB_ID: 'id', AUTH_GITHUB_SECRET: 'secret' } });
});
afterAll(() => world.close());
afterEach(() => vi.unstubAllGlobals());

const auth = () => makeAuth({ ...world.ctx, mail: { send: async () => {}, close: () => {} } });

/** Each request comes from an address of its own, because attempts are counted per address. */
let asks = 0;

/**
 * Signs in through GitHub as a user with this address there; returns the redirect target and what the cookies contain.
 */
async function byGithub(
  email: string,
  verified = true,
): Promise<{ leadsTo: URL; signedIn: boolean; challenge: string }> {
  const answers: Record<string, unknown> = {
    '/login/oauth/access_token': { access_token: 'token', token_type: 'bearer', scope: 'user:email' },
    '/user': { id: `gh-${email}`, login: 'ada', name: 'Ada', email },
    '/user/emails': [{ email, primary: true, verified }],
  };
  vi.stubGlobal('fetch', async (input: string | URL | Request) =>
    Response.json(answers[new URL(input instanceof Request ? input.url : input).pathname]),
  );
  const { handler } = auth();
  const asked = await handler(
    new Request(`${home}/api/auth/sign-in/social`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: home, [ADDRESS_HEADER]: `10.0.0.${++asks}` },
      body: JSON.stringify({ provider: 'github', callbackURL: '/dashboard' }),
    }),
  );
  const state = new URL((await asked.json()).url).searchParams.get('state');
  const cookie = asked.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const back = await handler(
    new Request(`${home}/api/auth/callback/github?code=c&state=${state}`, { headers: { cookie } }),
  );
  const lines = back.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
  const signedIn = lines.some((line) => /session_token=./.test(line));
  const challenge = lines.find((line) => /two_factor=./.test(line)) ?? '';
  return { leadsTo: new URL(back.headers.get('location') ?? '', home), signedIn, challenge };
}

it('ACCOUNT-27 signing in by GitHub does not open an account made for the address in another way, and says so', async () => {
  const email = `${newId()}@x.test`;
  await world.ctx
    .sql`insert into auth_user (id, name, email, email_verified) values (${newId()}, 'P', ${email}, true)`;
  const { leadsTo, signedIn } = await byGithub(email);
  expect(`${leadsTo.pathname}${leadsTo.search}`).toBe('/sign-in?error=account_not_linked');
  expect(signedIn).toBe(false);
  expect(await world.ctx.sql`select 1 from auth_identity where provider_id = 'github'`).toHaveLength(0);
});

it('ACCOUNT-1 ACCOUNT-27 signing in by GitHub makes an account for an address that has none, and opens it again', async () => {
  const email = `${newId()}@x.test`;
  for (let i = 0; i < 2; i++) {
    const { leadsTo, signedIn } = await byGithub(email);
    expect([leadsTo.pathname, signedIn]).toEqual(['/dashboard', true]);
  }
  const rows = await world.ctx.sql`
    select u.email_verified from auth_user u join member m on m.user_id = u.id where u.email = ${email}`;
  expect([...rows]).toEqual([{ email_verified: true }]);
});

it('ACCOUNT-33 an address that GitHub confirms later counts as confirmed, and ends keys and sign-ins made before', async () => {
  const email = `${newId()}@x.test`;
  const { sql } = world.ctx;
  await byGithub(email, false);
  const [person] = await sql<{ id: string; account_id: string; email_verified: boolean }[]>`
    select u.id, m.account_id, u.email_verified from auth_user u join member m on m.user_id = u.id
    where u.email = ${email}`;
  expect(person?.email_verified).toBe(false);
  const [before] = await sql`select id from auth_sign_in where user_id = ${person?.id ?? ''}`;
  await byGithub(email, true);
  const signIns = await sql<
    { id: string }[]
  >`select id from auth_sign_in where user_id = ${person?.id ?? ''}`;
  expect(signIns.map(({ id }) => id)).toEqual([expect.not.stringMatching(before?.id)]);
  await byGithub(email, true);
  const notes = await sql`
    select action, after->>'by' as by, after->>'signIns' as ended from audit where account_id = ${person?.account_id ?? ''}`;
  expect([...notes]).toEqual([{ action: 'account.confirmAddress', by: 'identity', ended: '1' }]);
});

it('ACCOUNT-43 signing in by GitHub asks for the second factor too', async () => {
  const email = `${newId()}@x.test`;
  await byGithub(email);
  const [person] = await world.ctx.sql<{ id: string }[]>`
    update auth_user set two_factor_enabled = true where email = ${email} returning id`;
  const userId = person?.id ?? '';
  await world.ctx.sql`delete from auth_sign_in where user_id = ${userId}`;
  const { leadsTo, challenge } = await byGithub(email);
  expect(`${leadsTo.pathname}${leadsTo.search}`).toBe('/sign-in?step=code&next=%2Fdashboard');
  expect(await world.ctx.sql`select 1 from auth_sign_in where user_id = ${userId}`).toHaveLength(0);
  expect(challenge).toMatch(/^hourglass\.two_factor=./);
  const asked = await auth().handler(
    new Request(`${home}/api/auth/two-factor/verify-totp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: home, cookie: challenge },
      body: JSON.stringify({ code: '000000' }),
    }),
  );
  // The challenge is valid; only the authenticator app behind it is missing here.
  expect([asked.status, (await asked.json()).code]).toEqual([400, 'TOTP_NOT_ENABLED']);
});

it('ACCOUNT-90 ACCOUNT-92 a first sign-in by GitHub counts as a sign-up, and later ones do not', async () => {
  const thrown = await byGithub('gone@mailinator.com');
  expect([thrown.leadsTo.searchParams.get('error'), thrown.signedIn]).toEqual(['INVALID_INPUT', false]);
  const email = `${newId()}@x.test`;
  let allowed = 1;
  world.ctx.rates = {
    ...world.ctx.rates,
    takeSignUp: async () => (allowed-- > 0 ? null : { limit: 'network', retryAfterSeconds: 60 }),
  };
  expect((await byGithub(email)).signedIn).toBe(true);
  expect((await byGithub(email)).signedIn).toBe(true);
  const refused = await byGithub(`${newId()}@x.test`);
  expect([refused.leadsTo.searchParams.get('error'), refused.signedIn]).toEqual(['RATE_LIMITED', false]);
  world.ctx.rates = noRates;
});
