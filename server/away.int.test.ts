import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { POST as lease } from '@/app/api/agent/lease/route';
import { GET as askAuth, POST as tellAuth } from '@/app/api/auth/[...all]/route';
import { GET as ask, POST as tell } from '@/app/api/trpc/[trpc]/route';
import { GET as ledger } from '@/app/api/usage/ledger/route';
import { type Database, openDatabase } from '@/db/client';
import { DatabaseDoor } from '@/test/database-door';
import { asOwner, createWorld, type World } from '@/test/world';
import { createAccount } from './account/create-account';
import type { Actor } from './context';
import { DomainError } from './errors';
import { newId } from './ids';
import { appRouter, createCaller } from './router';
import { runTokenOf } from './run/tokens';

/**
 * Every way in which PostgreSQL can be unreachable, against every procedure: over HTTP, and called past authentication.
 */

const MAX_ANSWER_MS = 8_000;
const CONNECTIONS = 4;
const BOSS = { email: 'away@hourglass.test', password: 'away-away-away' };

type Procedure = { _def: { type: string; inputs: unknown[] } };
const PROCEDURES = appRouter._def.procedures as unknown as Record<string, Procedure>;
const PATHS = Object.keys(PROCEDURES);
type Answer = { what: string; status: number; reason: string | null; ms: number };

let world: World;
let door: DatabaseDoor;
let pool: Database;
let reports: Database;
let cookie: string;
let actor: Extract<Actor, { kind: 'user' }>;
let wellFormed: (path: string) => Record<string, unknown>;

const web = globalThis as unknown as { hourglassWeb?: unknown; hourglassAuth?: unknown };

async function openPool(): Promise<void> {
  pool = openDatabase(door.url, { max: CONNECTIONS });
  reports = openDatabase(door.url, { max: 1 });
  await Promise.all([pool.openAll(), reports.openAll()]);
  const ctx = { ...world.ctx, sql: pool.sql, db: pool.db, reports: reports.sql };
  web.hourglassWeb = { env: ctx.env, ctx, close: async () => {} };
  web.hourglassAuth = undefined;
}

beforeAll(async () => {
  world = await createWorld({
    env: {
      STRIPE_SECRET_KEY: 'sk_test_nobody_there',
      STRIPE_API_URL: 'http://127.0.0.1:9',
      ADMIN_SECOND_FACTOR: 'optional',
      SUPPORT_EMAIL: 'help@hourglass.test',
    },
  });
  door = new DatabaseDoor(world.url);
  await door.open();
  await openPool();
  const { userId, accountId } = await createAccount(world.ctx, { ...BOSS, isAdmin: true });
  cookie = await signInBoss();
  const [signIn] = await world.ctx.sql<
    { id: string }[]
  >`select id from auth_sign_in where user_id = ${userId}`;
  actor = {
    kind: 'user',
    userId,
    accountId,
    role: 'owner',
    isAdmin: true,
    lacksSecondFactor: false,
    signInId: signIn?.id,
  };
  const caller = createCaller({ ...world.ctx, actor, requestId: 't', responseHeaders: new Headers() });
  const { id: sessionId } = await caller.session.create({ name: 'mine' });
  const { id: apiKeyId } = await caller.apiKey.create({ name: 'k', scopes: ['session:read'] });
  const [plan] = await caller.admin.plan.list();
  wellFormed = inputsOf({ sessionId, apiKeyId, accountId, plan: plan as unknown as Record<string, unknown> });
  await Promise.all([pool.close(), reports.close()]);
});
afterEach(async () => {
  await Promise.all([pool.close(), reports.close()]);
});
afterAll(async () => {
  web.hourglassWeb = web.hourglassAuth = undefined;
  await door.close();
  await world.close();
});

async function signInBoss(): Promise<string> {
  const made = await tellAuth(
    new Request(`${world.ctx.env.APP_URL}/api/auth/sign-in/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: world.ctx.env.APP_URL },
      body: JSON.stringify(BOSS),
    }),
  );
  expect(made.status).toBe(200);
  return (made.headers.getSetCookie() ?? []).map((line) => line.split(';')[0]).join('; ');
}

type Shape = { shape?: Record<string, { isOptional(): boolean }>; unwrap?: () => Shape };

/** Returns valid inputs by procedure. Throws for a field this test has no value for. */
function inputsOf(known: { plan: Record<string, unknown> } & Record<string, unknown>) {
  const values: Record<string, unknown> = {
    ...known.plan,
    ...known,
    name: 'another name',
    description: 'x',
    from: '2026-11-01',
    to: '2026-11-24',
    planId: 'max',
    packId: 'pack10',
    id: 'away',
    scopes: ['session:read'],
    email: 'away@hourglass.test',
    reason: 'away',
    status: 'active',
    seconds: 60,
    command: 'true',
    value: 'x',

    port: 3000,
    access: 'private',
    // An id that does not exist: a sign-in ended late would sign out the user of the following tests.
    signInId: 'nobody',
    message: 'away',
  };
  return (path: string): Record<string, unknown> => {
    let schema = PROCEDURES[path]?._def.inputs[0] as Shape | undefined;
    while (schema?.unwrap) schema = schema.unwrap();
    const needed = Object.entries(schema?.shape ?? {}).filter(([, field]) => !field.isOptional());
    return Object.fromEntries(
      needed.map(([name]) => {
        if (!(name in values)) throw new Error(`${path}: add a valid ${name} to this test`);
        // A variable has a name of its own form.
        if (path.startsWith('secret.') && name === 'name') return [name, 'AWAY'];
        return [name, values[name]];
      }),
    );
  };
}

async function timed(what: string, work: () => Promise<Omit<Answer, 'what' | 'ms'>>): Promise<Answer> {
  const from = performance.now();
  const answer = await work();
  return { what, ...answer, ms: performance.now() - from };
}

function overHttp(path: string): Promise<Answer> {
  const isQuery = PROCEDURES[path]?._def.type === 'query';
  const url = `${world.ctx.env.APP_URL}/api/trpc/${path}`;
  const input = JSON.stringify(wellFormed(path));
  const headers = { cookie, 'content-type': 'application/json', origin: world.ctx.env.APP_URL };
  return timed(`HTTP ${path}`, async () => {
    const response = await (isQuery
      ? ask(new Request(`${url}?input=${encodeURIComponent(input)}`, { headers }))
      : tell(new Request(url, { method: 'POST', headers, body: input })));
    const body = await response.json();
    return { status: response.status, reason: body.error?.data?.reason ?? null };
  });
}

/** Calls a procedure past authentication, so that the procedure itself finds PostgreSQL unreachable. */
function pastTheDoor(path: string): Promise<Answer> {
  const { ctx } = web.hourglassWeb as { ctx: World['ctx'] };
  const caller = createCaller({ ...ctx, actor, requestId: 't', responseHeaders: new Headers() });
  const call = path
    .split('.')
    .reduce((at: unknown, name) => (at as Record<string, unknown>)[name], caller) as (
    input: unknown,
  ) => Promise<unknown>;
  return timed(path, () =>
    call(wellFormed(path)).then(
      () => ({ status: 200, reason: null }),
      (error) => ({
        status: getHTTPStatusCodeFromError(error),
        reason: error.cause instanceof DomainError ? error.cause.reason : String(error.cause ?? error),
      }),
    ),
  );
}

/** Calls everything else that is not a procedure. */
function others(): Promise<Answer>[] {
  const { APP_URL, AUTH_SECRET } = world.ctx.env;
  const reading = async (response: Response) => {
    const body = response.status === 200 ? null : await response.json();
    return { status: response.status, reason: body?.reason ?? body?.error?.reason ?? null };
  };
  return [
    timed('who is signed in', async () =>
      reading(await askAuth(new Request(`${APP_URL}/api/auth/get-session`, { headers: { cookie } }))),
    ),
    timed('sign-in', async () =>
      reading(
        await tellAuth(
          new Request(`${APP_URL}/api/auth/sign-in/email`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', origin: APP_URL },
            body: JSON.stringify({ email: 'away@hourglass.test', password: 'away-away-away' }),
          }),
        ),
      ),
    ),
    timed('ledger', async () =>
      reading(await ledger(new Request(`${APP_URL}/api/usage/ledger`, { headers: { cookie } }))),
    ),
    timed('a machine', async () =>
      reading(
        await lease(
          new Request(`${APP_URL}/api/agent/lease`, {
            method: 'POST',
            headers: { authorization: `Bearer ${runTokenOf(AUTH_SECRET, newId())}` },
            body: JSON.stringify({ bootId: 'b', seq: 0, event: 'renew' }),
          }),
        ),
      ),
    ),
  ];
}

const everything = () =>
  Promise.all([...PATHS.map(overHttp), ...PATHS.map(pastTheDoor), ...others()]) as Promise<Answer[]>;

/** Returns everything stored except sign-ins: a sign-in whose cookie was never delivered gives no access. */
const stored = () =>
  asOwner(world.url, async (owner) => {
    const tables = await owner<{ name: string }[]>`
      select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'
        and table_name <> 'auth_sign_in'
      order by 1`;
    const rows: Record<string, unknown> = {};
    for (const { name } of tables) {
      const [row] =
        await owner`select count(*) as count, md5(string_agg(t::text, ',' order by t::text)) as hash from ${owner(name)} t`;
      rows[name] = row;
    }
    return rows;
  });

async function untilQuiet(): Promise<void> {
  await expect
    .poll(
      () =>
        asOwner(
          world.url,
          (owner) => owner`
            select state, query from pg_stat_activity where datname = current_database()
              and pid <> pg_backend_pid() and state <> 'idle'`,
        ),
      { timeout: 15_000 },
    )
    .toEqual([]);
}

const told = (answers: Answer[]) =>
  answers
    .filter(
      ({ status, reason, ms }) => status !== 503 || reason !== 'QUOTA_UNAVAILABLE' || ms > MAX_ANSWER_MS,
    )
    .map(({ what, status, reason, ms }) => `${what}: ${status} ${reason} after ${Math.round(ms)} ms`);

type Way = { go(): Promise<unknown> | unknown; comeBack(): Promise<unknown> | unknown };

const refusing = (code: string, at: 'connecting' | 'asking'): Way => ({
  go: () => {
    door.refusal = { code, at };
    if (at === 'connecting') door.cut('hard');
  },
  comeBack: () => {
    door.refusal = null;
  },
});

/** Alters the database from outside, as its administrator does. */
const alter = (words: string) =>
  asOwner(Object.assign(new URL(world.url), { pathname: '/postgres' }).href, (owner) =>
    owner.unsafe(`alter database "${new URL(world.url).pathname.slice(1)}" ${words}`),
  );

const WAYS: Record<string, Way> = {
  'refuses connections': {
    go: () => door.close(),
    comeBack: () => door.open(Number(new URL(door.url).port)),
  },
  'resets connections': refusing('reset', 'connecting'),
  'resets at every query': refusing('reset', 'asking'),
  'accepts connections and never answers': {
    go: () => {
      door.isMute = true;
      door.cut('hard');
    },
    comeBack: () => {
      door.isMute = false;
      door.cut('hard');
    },
  },
  'goes silent on open connections and on new ones': {
    go: () => {
      door.isMute = true;
      door.silence();
    },
    comeBack: () => {
      door.isMute = false;
      door.cut('hard');
    },
  },
  'goes silent at the first change': {
    go: () => {
      door.silenceAt = 'begin';
    },
    comeBack: () => {
      door.silenceAt = null;
      door.cut('hard');
    },
  },
  'is starting up (57P03)': refusing('57P03', 'connecting'),
  'has no connection left (53300)': refusing('53300', 'connecting'),
  'takes no connections (55000, in the words of its proxy)': refusing('55000', 'connecting'),
  'no longer accepts the password (28P01)': refusing('28P01', 'connecting'),
  'is shut down (57P01)': refusing('57P01', 'asking'),
  'has crashed (57P02)': refusing('57P02', 'asking'),
  'takes no connections (55000)': {
    go: async () => {
      door.cut('hard');
      await alter('allow_connections false');
    },
    comeBack: () => alter('allow_connections true'),
  },
};

/** Ways in which reads still work and only changes are refused. */
const CHANGES_ONLY = new Set(['goes silent at the first change']);

describe('a PostgreSQL that', () => {
  it.each(Object.keys(WAYS))(
    'QUOTA-44 %s: every procedure answers 503 in 8 s and does nothing later',
    {
      timeout: 60_000,
    },
    async (name) => {
      const way = WAYS[name] as Way;
      await openPool();
      await pool.db.execute('select 1');
      const before = await stored();
      await way.go();
      const answers = await everything().finally(() => way.comeBack());
      const isWrong = told(answers).filter((line) => !CHANGES_ONLY.has(name) || !line.includes(': 200 null'));
      expect(isWrong).toEqual([]);
      expect(answers.length).toBeGreaterThan(2 * PATHS.length);
      await expect.poll(async () => (await overHttp('session.list')).status, { timeout: 15_000 }).toBe(200);
      await untilQuiet();
      expect(await stored()).toEqual(before);
    },
  );

  it('QUOTA-44 became read-only in a failover (25006): changes answer 503 until it accepts writes again', {
    timeout: 60_000,
  }, async () => {
    await alter('set default_transaction_read_only = on');
    await openPool();
    const printed = vi.spyOn(console, 'error');
    const before = await stored();
    const answers = await everything();
    expect(
      answers.filter(({ status, ms }) => (status >= 500 && status !== 503) || ms > MAX_ANSWER_MS),
    ).toEqual([]);
    const ofPath = (what: string) => answers.find((answer) => answer.what === what);
    for (const path of ['session.create', 'session.rename', 'apiKey.create', 'admin.account.adjustUsage'])
      for (const what of [path, `HTTP ${path}`])
        expect(ofPath(what)).toMatchObject({ status: 503, reason: 'QUOTA_UNAVAILABLE' });
    expect(await stored()).toEqual(before);
    // The sign-in library prints an unhandled error with the token that it could not store.
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
    // The refused connections lead to the old primary and are not used again.
    await alter('reset default_transaction_read_only');
    await expect.poll(async () => (await overHttp('session.create')).status, { timeout: 15_000 }).toBe(200);
  });
});
