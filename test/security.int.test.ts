import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '@/scripts/services/processes';
import { ROOT } from '@/scripts/stack';
import { SECRET_NAMES } from '@/server/env';
import { connectTokenOf, runTokenOf } from '@/server/run/tokens';
import {
  answers,
  ask,
  closeStrangers,
  cookieOf,
  dir,
  emailsTo,
  environmentsOf,
  filesBelow,
  type Init,
  isSignedIn,
  json,
  MARK,
  newPerson,
  openStrangers,
  operator,
  PASSWORD,
  resident,
  sessionsOf,
  signIn,
  stack,
} from './strangers';
import { asOwner } from './world';

/** What unauthenticated callers can do to the real processes over HTTP, and that no secret leaks. */

beforeAll(openStrangers, 180_000);
afterAll(closeStrangers, 60_000);

describe('another site', () => {
  it('ACCOUNT-14 changes nothing with the cookie of a visitor, whatever the method', async () => {
    const person = await newPerson();
    const cookie = await signIn(person.email);
    const create = '/api/trpc/session.create';
    const body = JSON.stringify({ name: 'forged' });
    const foreign = { origin: 'https://elsewhere.example' };
    const tricks: [Init, string][] = [
      [json({ name: 'forged' }, { cookie, ...foreign }), create],
      [json({ name: 'forged' }, { cookie, origin: 'null' }), create],
      [
        {
          ...json({ name: 'forged' }, { cookie, 'sec-fetch-site': 'cross-site' }),
          headers: { cookie, 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' },
        },
        create,
      ],
      [{ method: 'POST', body, headers: { cookie, ...foreign, 'content-type': 'text/plain' } }, create],
      [{ method: 'POST', body, headers: { cookie, 'content-type': 'text/plain' } }, create],
      [
        {
          method: 'POST',
          body: 'name=forged',
          headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
        },
        create,
      ],
      [{ headers: { cookie } }, `${create}?input=${encodeURIComponent(body)}`],
      [
        { headers: { cookie, 'x-http-method-override': 'POST' } },
        `${create}?_method=POST&input=${encodeURIComponent(body)}`,
      ],
      [{ method: 'HEAD', headers: { cookie } }, `${create}?input=${encodeURIComponent(body)}`],
      [
        { method: 'OPTIONS', headers: { cookie, ...foreign, 'access-control-request-method': 'POST' } },
        create,
      ],
      [{ method: 'PUT', body, headers: { cookie, 'content-type': 'application/json' } }, create],
    ];
    for (const [init, path] of tricks) {
      const answer = await ask(path, init);
      if (init.method !== 'HEAD' && init.method !== 'OPTIONS')
        expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    }
    expect(await sessionsOf(person.accountId)).toHaveLength(0);
    expect((await ask(create, json({ name: 'mine' }, { cookie }))).status).toBe(200);
    expect(await sessionsOf(person.accountId)).toHaveLength(1);
  });

  it('ACCOUNT-14 cannot sign a visitor in or out, nor change their password', async () => {
    const person = await newPerson();
    const cookie = await signIn(person.email);
    const foreign = { origin: 'https://elsewhere.example' };
    const password = { currentPassword: PASSWORD, newPassword: 'another-password' };
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const attempts: Init[] = [
      json({}, { cookie, ...foreign }),
      json({}, { cookie, origin: 'null' }),
      { method: 'POST', headers: { cookie } },
      { method: 'POST', body: '{}', headers: { cookie, ...foreign, 'content-type': 'text/plain' } },
      { headers: { cookie } },
    ];
    for (const init of attempts)
      expect((await ask('/api/auth/sign-out', init)).status).toBeGreaterThanOrEqual(400);
    expect((await ask('/api/auth/change-password', json(password, { cookie, ...foreign }))).status).toBe(403);
    expect(await isSignedIn(cookie)).toBe(true);
    const credentials = { email: person.email, password: PASSWORD };
    const forced: Init[] = [
      json(credentials, foreign),
      json(credentials, { ...foreign, cookie }),
      { method: 'POST', body: new URLSearchParams(credentials).toString(), headers: { ...form, ...foreign } },
      {
        method: 'POST',
        body: JSON.stringify(credentials),
        headers: { 'content-type': 'text/plain', ...foreign },
      },
    ];
    for (const init of forced) {
      const answer = await ask('/api/auth/sign-in/email', init);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
  });

  it('ACCOUNT-14 a link that confirms an address signs no user in and none out', async () => {
    const visitor = await newPerson();
    const cookie = await signIn(visitor.email);
    const email = `planted-${Date.now()}@hourglass.test`;
    await ask('/api/auth/sign-up/email', json({ name: 'N', email, password: PASSWORD }));
    const messages = (await emailsTo(email, 1))[0]?.text ?? '';
    const link = /https?:\S+confirm-address\S+/.exec(messages)?.[0] ?? '';
    const token = new URL(link).searchParams.get('token');
    const confirmed = async () =>
      (await operator.ctx.sql`select email_verified from auth_user where email = ${email}`)[0]
        ?.email_verified;
    const opened = await ask(link, { headers: { cookie } });
    expect([opened.status, opened.headers.getSetCookie(), await confirmed()]).toEqual([200, [], false]);
    const pressed = await ask('/api/auth/confirm-address', json({ token }, { cookie }));
    expect([pressed.status, pressed.headers.getSetCookie(), await confirmed()]).toEqual([200, [], true]);
    const who = await ask('/api/auth/get-session', { headers: { cookie } });
    expect(who.text).toContain(visitor.email);
  });
});

describe('a sign-in', () => {
  it('ACCOUNT-15 is a fresh one each time, whatever was in the browser before', async () => {
    const person = await newPerson();
    const planted = 'hourglass.session_token=planted-by-somebody.c2lnbmF0dXJl';
    const first = await signIn(person.email, PASSWORD, { cookie: planted });
    const second = await signIn(person.email, PASSWORD, { cookie: first });
    expect(new Set([planted, first, second, '']).size).toBe(4);
    expect(await isSignedIn(planted)).toBe(false);
    expect(await isSignedIn(second)).toBe(true);
  });

  it('ACCOUNT-15 ends everywhere by signing out, a new password, or its expiry', async () => {
    const person = await newPerson();
    const [here, there] = [await signIn(person.email), await signIn(person.email)];
    await ask('/api/auth/sign-out', json({}, { cookie: there }));
    expect([await isSignedIn(here), await isSignedIn(there)]).toEqual([true, false]);

    const other = await signIn(person.email);
    const change = { currentPassword: PASSWORD, newPassword: 'another-password', revokeOtherSessions: false };
    const fresh = cookieOf(await ask('/api/auth/change-password', json(change, { cookie: here })));
    expect([await isSignedIn(here), await isSignedIn(other), await isSignedIn(fresh)]).toEqual([
      false,
      false,
      true,
    ]);
    expect(await signIn(person.email)).toBe('');

    await operator.ctx
      .sql`update auth_sign_in set expires_at = now() - interval '1 second' where user_id = ${person.userId}`;
    const expired = await ask('/api/trpc/session.list', { headers: { cookie: fresh } });
    expect([expired.status, expired.json().error?.data?.reason]).toEqual([401, 'UNAUTHORIZED']);
  });

  it('ACCOUNT-15 ACCOUNT-3 ends everywhere when a lost password is replaced', async () => {
    const person = await newPerson();
    const cookie = await signIn(person.email);
    await ask(
      '/api/auth/request-password-reset',
      json({ email: person.email, redirectTo: '/reset-password' }),
    );
    const [message] = await emailsTo(person.email, 1);
    const token = /reset-password\/([\w-]+)/.exec(message?.text ?? '')?.[1];
    const reset = json({ newPassword: 'another-password', token });
    expect((await ask('/api/auth/reset-password', reset)).status).toBe(200);
    expect(await isSignedIn(cookie)).toBe(false);
    expect((await ask('/api/auth/reset-password', reset)).status).toBe(400);
  });

  it('ACCOUNT-4 ACCOUNT-10 a revoked key answers 401 from the next request on', async () => {
    const person = await newPerson();
    const cookie = await signIn(person.email);
    const headers = { authorization: `Bearer ${person.apiKey}` };
    expect((await ask('/api/trpc/session.list', { headers })).status).toBe(200);
    const [key] = await operator.ctx.sql<{ id: string; hash: string }[]>`
      select id, hash from api_key where account_id = ${person.accountId}`;
    expect(key?.hash).toMatch(/^[0-9a-f]{64}$/);
    await ask('/api/trpc/apiKey.revoke', json({ apiKeyId: key?.id }, { cookie }));
    // A valid cookie beside it does not help an invalid key.
    for (const more of [{}, { cookie }] as Record<string, string>[]) {
      const answer = await ask('/api/trpc/session.list', { headers: { ...headers, ...more } });
      expect([answer.status, answer.json().error?.data?.reason]).toEqual([401, 'UNAUTHORIZED']);
    }
  });
});

describe('a request', () => {
  it('ACCOUNT-16 is bounded in size on every route, and the refusal says so', async () => {
    const [small, large] = [64 * 1024, 512 * 1024];
    const run = runTokenOf(stack.env.AUTH_SECRET ?? '', '01a20dce-a24a-70ae-9163-870d98e3a464');
    const ways: [string, number, Record<string, string>][] = [
      ['/api/trpc/session.create', small, {}],
      ['/api/auth/sign-in/email', small, {}],
      ['/api/agent/lease', small, { authorization: `Bearer ${run}` }],
      ['/api/stripe/webhook', large, {}],
    ];
    for (const [path, most, headers] of ways) {
      const tooLarge = await ask(path, json('x'.repeat(most), headers));
      expect([tooLarge.status, tooLarge.text], path).toEqual([
        413,
        expect.stringContaining(`${most / 1024} KiB`),
      ]);
      expect((await ask(path, json('x'.repeat(most - 1000), headers))).status, path).not.toBe(413);
    }
    // A page accepts no body and keeps nothing of one.
    for (const path of ['/', '/sign-in', '/nowhere']) {
      const posted = await ask(path, { method: 'POST', body: 'x'.repeat(2 * 1024 * 1024) });
      expect([posted.status, posted.headers.get('allow')], path).toEqual([405, 'GET, HEAD']);
    }
    const endless = new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(16_384)) });
    const chunked = {
      method: 'POST',
      body: endless,
      duplex: 'half',
      headers: { origin: stack.appUrl },
    } as RequestInit;
    expect((await fetch(`${stack.appUrl}/api/trpc/session.create`, chunked)).status).toBe(413);
    expect((await ask('/healthz', { headers: { 'x-long': 'x'.repeat(20_000) } })).status).toBe(431);
  });

  it('ACCOUNT-16 is bounded in number: 50 calls per request, and a limit per minute', async () => {
    const batch = (count: number) =>
      `/api/trpc/${Array(count).fill('session.list').join(',')}?batch=1&input=%7B%7D`;
    const { apiKey } = await newPerson();
    const headers = { authorization: `Bearer ${apiKey}` };
    const tooMany = await ask(batch(51), { headers });
    expect([tooMany.status, tooMany.text]).toEqual([400, expect.stringContaining('at most 50 calls')]);
    // However the commas are written.
    const escaped = await ask(batch(51).replaceAll(',', '%2C'), { headers });
    const mixed = await ask(batch(51).replace(',', '%2c'), { headers });
    expect([escaped.status, mixed.status, escaped.text]).toEqual([400, 400, tooMany.text]);
    const statuses: number[] = [];
    // Three starts per minute allow 900 calls.
    for (let i = 0; i < 19; i++) statuses.push((await ask(batch(50), { headers })).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(18);
    const refused = await ask('/api/trpc/session.list', { headers });
    expect([refused.status, refused.json().error?.data?.reason]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const ledger = await ask('/api/usage/ledger', { headers });
    expect([ledger.status, Number(ledger.headers.get('retry-after')) > 0]).toEqual([429, true]);
    const other = await newPerson();
    expect(await other.api.session.list.query()).toEqual([]);
  });

  it('ACCOUNT-16 names and emails are bounded, and text that cannot be stored is refused, not a defect', async () => {
    let signUps = 0;
    const signUp = (more: object) =>
      ask(
        '/api/auth/sign-up/email',
        json({
          name: 'N',
          email: `new-${process.pid}-${++signUps}@hourglass.test`,
          password: PASSWORD,
          ...more,
        }),
      );
    for (const [more, sentence] of [
      [{ name: 'x'.repeat(81) }, 'A name can have at most 80 characters.'],
      [{ email: `${'x'.repeat(250)}@hourglass.test` }, 'An email address can have at most 254 characters.'],
      [{ password: 'x'.repeat(129) }, 'Password too long'],
      [{ password: 'short' }, 'Password too short'],
    ] as const) {
      const answer = await signUp(more);
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(sentence)]);
    }
    expect((await signUp({ name: 'A\u0000da\n' })).status).toBe(200);
    const [made] = await operator.ctx.sql`select 1 from auth_user where name = 'A da'`;
    expect(made).toBeDefined();
    const person = await newPerson();
    const cookie = await signIn(person.email);
    const update = (body: object) => ask('/api/auth/update-user', json(body, { cookie }));
    expect((await update({ name: 'x'.repeat(81) })).status).toBe(400);
    expect((await update({ name: 'B\u0000ob', image: 'x'.repeat(60_000) })).status).toBe(200);
    const kept = await operator.ctx.sql`select name, image from auth_user where id = ${person.userId}`;
    expect([...kept]).toEqual([{ name: 'B ob', image: null }]);
    for (const path of [
      '/billing/upgrade?plan=a%00b',
      '/billing/return?checkout=%00',
      '/billing/invoices/%00',
      '/sessions/%00',
      '/dashboard?x=%00',
    ])
      expect((await ask(path, { headers: { cookie } })).status, path).toBeLessThan(500);
  });

  it('ACCOUNT-12 every response carries the security headers', async () => {
    for (const path of [
      '/',
      '/sign-in',
      '/nowhere',
      '/iconx',
      '/metricsx',
      '/mail/nowhere',
      '/api/trpc/billing.plans',
      '/api/auth/ok',
      '/mail/unsubscribe',
      '/healthz',
    ]) {
      const { headers } = await ask(path);
      expect(headers.get('strict-transport-security'), path).toContain('max-age=31536000');
      expect(headers.get('x-content-type-options'), path).toBe('nosniff');
      expect(headers.get('x-frame-options'), path).toBe('DENY');
      expect(headers.get('referrer-policy'), path).toBeTruthy();
      expect(headers.get('permissions-policy'), path).toContain('camera=()');
      if (path !== '/healthz')
        expect(headers.get('content-security-policy'), path).toContain("frame-ancestors 'none'");
      expect(headers.get('x-powered-by'), path).toBeNull();
      if (path.startsWith('/api')) expect(headers.get('cache-control'), path).toBe('no-store');
    }
  });
});

describe('tokens', () => {
  it('SESSION-29 MACHINE-26 serve one purpose each: a key is not a run token, a run token opens no terminal, and neither opens an account', async () => {
    const person = await newPerson();
    const secret = stack.env.AUTH_SECRET ?? '';
    const runId = '01a20dce-a24a-70ae-9163-870d98e3a464';
    const { accountId } = person;
    const claim = { sessionId: 's', accountId, runId, grant: 'key_1' as const, expiresAt: 2 ** 45 };
    const [run, terminal] = [runTokenOf(secret, runId), connectTokenOf(secret, claim)];
    const lease = (token: string) =>
      ask(
        '/api/agent/lease',
        json({ bootId: 'b', seq: 0, event: 'running' }, { authorization: `Bearer ${token}` }),
      );
    for (const token of [person.apiKey, terminal, run, `${run}x`, ''])
      expect((await lease(token)).status).toBe(401);
    for (const token of [run, terminal]) {
      const headers = { authorization: `Bearer ${token}` };
      expect((await ask('/api/trpc/session.list', { headers })).status).toBe(401);
      expect(await isSignedIn(`hourglass.session_token=${token}`)).toBe(false);
    }
  });
});

/** Returns the counted attempts to sign in, by the address they were counted under. */
async function countedByAddress(): Promise<Map<string, number>> {
  const redis = new Redis(stack.env.REDIS_URL ?? '');
  try {
    const keys = (await redis.keys('rate:sign-in-from:*')).sort();
    return new Map(await Promise.all(keys.map(async (key) => [key, Number(await redis.get(key))] as const)));
  } finally {
    redis.disconnect();
  }
}
const sum = (counts: Map<string, number>): number => [...counts.values()].reduce((all, one) => all + one, 0);

describe('an address', () => {
  it('ACCOUNT-18 cannot be spoofed: whatever a client writes into headers, its attempts count as its own', async () => {
    const guess = async (i: number, headers: Record<string, string>) =>
      (
        await ask(
          '/api/auth/sign-in/email',
          json({ email: `guess-${i}@hourglass.test`, password: 'guessed-password' }, headers),
        )
      ).status;
    const before = await countedByAddress();
    for (let i = 0; i < 5; i++) {
      const address = `203.0.113.${i}`;
      const pretended = {
        'x-forwarded-for': address,
        'x-hourglass-peer': address,
        'x-hourglass-address': address,
      };
      expect(await guess(i, { ...pretended, 'x-real-ip': address, forwarded: `for=${address}` })).toBe(401);
    }
    const after = await countedByAddress();
    // One address had attempts before, and it is still the only one.
    expect([...after.keys()]).toEqual([...before.keys()]);
    expect(sum(after) - sum(before)).toBe(5);
  });
});

async function provokeErrors(cookie: string): Promise<void> {
  await ask('/api/trpc/nothing.here', { headers: { cookie } });
  await ask('/api/trpc/session.create', {
    method: 'POST',
    body: '{',
    headers: { cookie, origin: stack.appUrl, 'content-type': 'application/json' },
  });
  await ask('/api/stripe/webhook', json({}, { 'stripe-signature': 't=1,v1=00' }));
  await fetch(`${stack.env.STRIPE_API_URL}/_control/faults`, {
    method: 'POST',
    body: JSON.stringify({ kind: 'status', status: 500, times: 4 }),
  });
  for (const path of [
    '/billing',
    '/billing/upgrade?plan=max',
    '/billing/return?checkout=cs_none',
    '/settings',
    '/usage',
    '/plans',
  ])
    await ask(path, { headers: { cookie } });
  await ask('/api/trpc/billing.portalLink', json({}, { cookie }));
  // Every connection to the database is cut; then every provider and the mail server become unreachable for good.
  const cut = () =>
    asOwner(
      stack.env.DATABASE_URL ?? '',
      (owner) => owner`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name like 'hourglass-%' and application_name <> 'hourglass-operator'`,
    );
  for (let i = 0; i < 3; i++)
    await Promise.all([
      cut(),
      ask('/api/trpc/session.list', { headers: { cookie } }),
      ask('/dashboard', { headers: { cookie } }),
    ]);
  await stack.kill('cloud', 'SIGTERM');
  await ask('/api/auth/send-verification-email', json({ email: 'stranger@hourglass.test' }, { cookie }));
  await ask('/billing/upgrade?plan=max', { headers: { cookie } });
}

describe('secrets', () => {
  it('ACCOUNT-17 MACHINE-25 appear in no machine, response, script or log, whatever goes wrong', {
    timeout: 60_000,
  }, async () => {
    const { cookie, ...person } = resident;
    const { id: sessionId } = await person.api.session.create.mutate({ name: 's' });
    await person.api.session.start.mutate({ sessionId });
    const running = await waitFor(
      async () => (await person.api.session.get.query({ sessionId })).status === 'running',
      20_000,
      200,
    );
    expect(running).toBe(true);
    const [run] = (await person.api.usage.runs.query({})).items;
    const machines = environmentsOf(run?.id ?? '');
    expect(machines.length).toBeGreaterThan(0);
    for (const path of filesBelow(join(dir, 'cloud'))) {
      if (path.includes(run?.machineId ?? '')) machines.push(readFileSync(path, 'utf8'));
    }
    for (const text of machines) {
      expect(text).not.toContain(MARK);
      for (const name of SECRET_NAMES) expect(text).not.toMatch(new RegExp(`\\b${name}=`));
    }

    // The secrets are in the processes' environments, so that their absence elsewhere is meaningful.
    for (const name of ['web', 'worker', 'gateway'] as const)
      expect(readFileSync(`/proc/${stack.pidOf(name)}/environ`, 'utf8').split(MARK).length).toBeGreaterThan(
        8,
      );
    await provokeErrors(cookie);
    for (const port of [stack.ports.worker, stack.ports.gateway])
      for (const path of ['/metrics', '/readyz', '/nowhere']) await ask(`http://127.0.0.1:${port}${path}`);
    for (const path of ['/metrics', '/readyz', '/', '/dashboard', '/nowhere'])
      await ask(path, { headers: { cookie } });
    expect(answers.length).toBeGreaterThan(200);
    for (const text of answers) expect(text).not.toContain(MARK);

    const scripts = [...filesBelow(join(ROOT, '.next/static'))].filter((path) =>
      /\.(js|css|map)$/.test(path),
    );
    expect(scripts.length).toBeGreaterThan(5);
    for (const path of scripts) {
      const text = readFileSync(path, 'utf8');
      expect(text.includes(MARK), path).toBe(false);
      // Names of server settings do not belong in a script either; AUTH_SECRET is also a name of the sign-in library.
      const names = SECRET_NAMES.filter((name) => name !== 'AUTH_SECRET');
      for (const name of [...names, 'hg_clock', 'pg_advisory'])
        expect(text.includes(name), `${path}: ${name}`).toBe(false);
    }

    await Promise.all((['web', 'worker', 'gateway'] as const).map((name) => stack.kill(name, 'SIGTERM')));
    for (const name of ['web', 'worker', 'gateway']) {
      const log = readFileSync(join(dir, 'logs', `${name}.log`), 'utf8');
      expect(log.length, name).toBeGreaterThan(100);
      expect(
        log.split('\n').filter((line) => line.includes(MARK)),
        name,
      ).toEqual([]);
      expect(log, name).not.toContain(person.apiKey);
      expect(log, name).not.toContain(runTokenOf(stack.env.AUTH_SECRET ?? '', run?.id ?? ''));
    }
    expect(readFileSync(join(dir, 'logs', 'web.log'), 'utf8')).toMatch(/"level":[45]0|⨯/);
  });
});
