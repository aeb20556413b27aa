import type { TRPCError } from '@trpc/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccount, createWorld, type World } from '@/test/world';
import { newApiKeyText } from './account/api-key-text';
import { makeAuth } from './account/auth';
import { createApiKey } from './account/create-api-key';
import { findActor } from './account/find-actor';
import { revokeApiKey } from './account/revoke-api-key';
import type { Actor } from './context';
import { DomainError } from './errors';
import { PEER_HEADER } from './http/address';
import { newId } from './ids';
import { type AppRouter, appRouter, createCaller } from './router';
import { SCOPES, type Scope } from './shapes';

/**
 * Who may call each procedure, checked against the router itself: a procedure missing from this table does not compile.
 */

type PathOf<R> = {
  [K in keyof R & string]: R[K] extends { _def: { procedure: true } } ? K : `${K}.${PathOf<R[K]>}`;
}[keyof R & string];
type Path = PathOf<AppRouter['_def']['record']>;

const READS = ['session:read', 'session:write'];
const MONEY_READS = ['billing:read', 'billing:write'];
type Who = { people: 'all' | 'members' | 'owners' | 'admins'; keys: string[] };
const everybody: Who = { people: 'all', keys: [...SCOPES] };
const members = (...keys: string[]): Who => ({ people: 'members', keys });
const owners = (...keys: string[]): Who => ({ people: 'owners', keys });
/** Signed-in owners only; no API key, whatever its scopes. */
const ownersThemselves: Who = { people: 'owners', keys: [] };
const admins: Who = { people: 'admins', keys: ['admin'] };

const TABLE: Record<Path, Who> = {
  'session.create': members('session:write'),
  'session.start': members('session:write'),
  'session.stop': members('session:write'),
  'session.rename': members('session:write'),
  'session.update': members('session:write'),
  'session.keepAwake': members('session:write'),
  'session.delete': members('session:write'),
  'session.connect': members('session:write'),
  'session.exec': members('session:write'),
  'port.list': members('session:write'),
  'port.share': members('session:write'),
  'session.list': members(...READS),
  'session.get': members(...READS),
  'session.batchStatus': members(...READS),
  'secret.set': members('session:write'),
  'secret.delete': members('session:write'),
  'secret.list': members(...READS),
  'quota.get': members('usage:read'),
  'usage.days': members('usage:read'),
  'usage.runs': members('usage:read'),
  'billing.plans': everybody,
  'billing.packs': everybody,
  'billing.summary': members(...MONEY_READS),
  'billing.invoices': members(...MONEY_READS),
  'billing.refresh': members('billing:write'),
  'billing.previewChange': owners(...MONEY_READS),
  'billing.upgradeLink': owners('billing:write'),
  'billing.packLink': owners('billing:write'),
  'billing.portalLink': owners('billing:write'),
  'billing.changePlan': owners('billing:write'),
  'billing.cancel': owners('billing:write'),
  'billing.resume': owners('billing:write'),
  'billing.startTrial': owners('billing:write'),
  'account.delete': ownersThemselves,
  'signIn.list': members(),
  'signIn.end': members(),
  'signIn.endOthers': members(),
  'support.write': members(),
  'apiKey.create': members(),
  'apiKey.list': members(),
  'apiKey.revoke': members(),
  'admin.account.list': admins,
  'admin.account.get': admins,
  'admin.account.setPlan': admins,
  'admin.account.setStatus': admins,
  'admin.account.adjustUsage': admins,
  'admin.account.delete': admins,
  'admin.plan.list': admins,
  'admin.plan.save': admins,
  'admin.run.list': admins,
  'admin.drift.list': admins,
  'admin.audit.list': admins,
};

type Procedure = { _def: { type: string; inputs: unknown[] } };
const PROCEDURES = appRouter._def.procedures as unknown as Record<Path, Procedure>;
const PATHS = Object.keys(PROCEDURES) as Path[];
const RANK = { all: 0, members: 1, owners: 2, admins: 3 } as const;

let world: World;
let accountId: string;
beforeAll(async () => {
  world = await createWorld({ startAt: Date.parse('2026-11-24T12:00:00Z') });
  accountId = await createAccount(world, { planId: 'pro' });
  await world.ctx
    .sql`insert into auth_user (id, name, email, email_verified) values ('u', 'U', 'u@x.test', true)`;
  await world.ctx
    .sql`insert into auth_sign_in (id, token, user_id, expires_at) values ('sign-in-of-u', 't', 'u', '2036-01-01')`;
});
afterAll(() => world.close());

const callerOf = (actor: Actor | null) =>
  createCaller({ ...world.ctx, actor, requestId: 't', responseHeaders: new Headers() });

/** Calls a procedure by its path; returns its answer or its refusal. */
async function call(path: Path, actor: Actor | null, input: unknown) {
  const procedure = path
    .split('.')
    .reduce((at: unknown, name) => (at as Record<string, unknown>)[name], callerOf(actor));
  return (procedure as (input: unknown) => Promise<unknown>)(input).then(
    (answer) => ({ answer, code: null, reason: null, message: '' }),
    (error: TRPCError) => {
      const reason = error.cause instanceof DomainError ? error.cause.reason : null;
      return { answer: null, code: error.code, reason, message: error.message };
    },
  );
}

/** Whether an actor passes the access check: invalid input is refused as invalid only after it. */
async function admits(path: Path, actor: Actor | null): Promise<boolean> {
  const { code } = await call(path, actor, { nonsense: true });
  return code !== 'UNAUTHORIZED' && code !== 'FORBIDDEN';
}

type Shape = { shape?: Record<string, { isOptional(): boolean }>; unwrap?: () => Shape };

/** Returns the fields a procedure takes, from its input schema. */
function fieldsOf(path: Path): [name: string, optional: boolean][] {
  let schema = PROCEDURES[path]._def.inputs[0] as Shape | undefined;
  while (schema?.unwrap) schema = schema.unwrap();
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => [name, field.isOptional()]);
}

const WELL: Record<string, unknown> = {
  message: 'hello',
  name: 'x',
  from: '2026-11-01',
  to: '2026-11-24',
  planId: 'max',
  packId: 'pack10',
  seconds: 60,
  command: 'true',
  value: 'x',

  port: 3000,
  access: 'private',
  scopes: ['session:read'],
  email: 'somebody@hourglass.test',
};

/** Returns a valid input with these ids. Throws for a field this test has no value for. */
function wellFormed(path: Path, ids: Record<string, string>): Record<string, unknown> {
  const needed = fieldsOf(path).filter(([name, optional]) => !optional || name in ids);
  return Object.fromEntries(
    needed.map(([name]) => {
      const value = ids[name] ?? WELL[name];
      if (value === undefined) throw new Error(`${path}: add a valid ${name} to this test`);
      return [name, value];
    }),
  );
}

const person = (more: { role?: 'owner' | 'member'; isAdmin?: boolean; accountId?: string } = {}): Actor => ({
  kind: 'user',
  userId: 'u',
  accountId: more.accountId ?? accountId,
  role: more.role ?? 'owner',
  isAdmin: more.isAdmin ?? false,
  lacksSecondFactor: false,
  signInId: 'sign-in-of-u',
});
const key = (scopes: Scope[], isAdmin = false): Actor => ({
  kind: 'apiKey',
  keyId: 'k',
  accountId,
  scopes,
  isAdmin,
});

describe('every procedure', () => {
  it('ACCOUNT-10 is in the table, and the table names no other', () => {
    expect(Object.keys(TABLE).sort()).toEqual([...PATHS].sort());
  });

  it.each(PATHS)('ACCOUNT-10 ACCOUNT-5 admits exactly the callers of the table: %s', async (path) => {
    const who = TABLE[path];
    const need = RANK[who.people];
    expect(await admits(path, null), 'nobody').toBe(need === 0);
    expect(await admits(path, { kind: 'system', name: 's' }), 'system').toBe(need === 0);
    expect(await admits(path, person({ role: 'member' })), 'member').toBe(need <= 1);
    expect(await admits(path, person()), 'owner').toBe(need <= 2);
    expect(await admits(path, person({ isAdmin: true })), 'admin').toBe(true);
    expect(await admits(path, key([])), 'key without scopes').toBe(need === 0);
    for (const scope of SCOPES) {
      const expected = need === 0 || (who.keys.includes(scope) && scope !== 'admin');
      expect(await admits(path, key([scope])), `key with ${scope}`).toBe(expected);
      const asAdmin = need === 0 || who.keys.includes(scope);
      expect(await admits(path, key([scope], true)), `admin's key with ${scope}`).toBe(asAdmin);
    }
  });
});

/** Procedures that take the id of something an account owns, and administrators' work on any account. */
const ID_FIELDS = ['sessionId', 'apiKeyId', 'runId'];
const WITH_IDS = PATHS.filter((path) => fieldsOf(path).some(([name]) => ID_FIELDS.includes(name)));
const READS_OF_MEMBERS = PATHS.filter(
  (path) => TABLE[path].people !== 'admins' && PROCEDURES[path]._def.type === 'query',
);

async function belongings(owner: string): Promise<Record<string, string>> {
  const session = await callerOf(person({ accountId: owner })).session.create({ name: 'mine' });
  const input = {
    accountId: owner,
    userId: 'u',
    isAdmin: false,
    name: 'k',
    scopes: ['session:read'] as Scope[],
  };
  const { id: apiKeyId } = await createApiKey(world.ctx, input);
  return { sessionId: session.id, apiKeyId };
}

async function anotherSignIn(): Promise<string> {
  const id = newId();
  await world.ctx
    .sql`insert into auth_sign_in (id, token, user_id, expires_at) values (${id}, ${id}, 'u', '2036-01-01')`;
  return id;
}

/** Returns everything that belongs to an account, as stored. */
const stored = async (accountId: string) =>
  JSON.stringify(
    await world.ctx.sql`
      select (select json_agg(s order by s.id) from session s where s.account_id = a.id) as sessions,
        (select json_agg(k order by k.id) from api_key k where k.account_id = a.id) as keys
      from account a where a.id = ${accountId}`,
  );

describe('what belongs to another account', () => {
  it('SESSION-11 is tested for every procedure that takes an id', () =>
    expect(WITH_IDS.length).toBeGreaterThanOrEqual(7));

  it.each(WITH_IDS)('SESSION-11 is not found, exactly like an id that never existed: %s', async (path) => {
    const owner = await createAccount(world);
    const ids = await belongings(owner);
    const before = await stored(owner);
    const stranger = person({ accountId: await createAccount(world), isAdmin: true });
    const foreign = await call(path, stranger, wellFormed(path, ids));
    const nowhere = await call(path, stranger, wellFormed(path, { sessionId: newId(), apiKeyId: newId() }));
    expect(foreign).toMatchObject({ code: 'NOT_FOUND', reason: 'NOT_FOUND' });
    expect(foreign).toEqual(nowhere);
    expect(await stored(owner)).toBe(before);
  });

  it.each(READS_OF_MEMBERS)('SESSION-11 appears in no list and no sum: %s', async (path) => {
    const owner = await createAccount(world);
    const ids = await belongings(owner);
    const stranger = await createAccount(world);
    const own = await belongings(stranger);
    const { answer } = await call(path, person({ accountId: stranger }), wellFormed(path, own));
    const text = JSON.stringify(answer) ?? '';
    for (const id of [owner, ...Object.values(ids)]) expect(text).not.toContain(id);
  });
});

describe.each([
  ['blocked', 'ACCOUNT_BLOCKED'],
  ['pending', 'ACCOUNT_PENDING'],
])('an account that is %s', (status, reason) => {
  it.each(PATHS.filter((path) => TABLE[path].people !== 'admins'))(
    'ACCOUNT-7 SESSION-6 reads, stops and deletes, and starts nothing: %s',
    async (path) => {
      const own = await createAccount(world, { status });
      const ids = { ...(await belongings(own)), signInId: await anotherSignIn() };
      const outcome = await call(path, person({ accountId: own }), wellFormed(path, ids));
      if (path === 'session.start' || path === 'billing.startTrial')
        return expect(outcome.reason).toBe(reason);
      expect(String(outcome.reason)).not.toMatch(/^ACCOUNT_|FORBIDDEN/);
      // Without a payment provider nothing can be bought, no session runs to connect to, the email that confirms a deletion
      // is not this user's, and there is no operator to write to.
      const other =
        /^billing\.(upgradeLink|packLink|portalLink|previewChange|changePlan|cancel|resume|refresh)$|^session\.(connect|exec)$|^port\.list$|^account\.delete$|^support\.write$/;
      if (!other.test(path)) expect(outcome).toMatchObject({ code: null });
    },
  );

  it('ACCOUNT-7 reports this in its batch status', async () => {
    const own = await createAccount(world, { status });
    const { start } = await callerOf(person({ accountId: own })).session.batchStatus();
    expect(start).toEqual({ allowed: false, reason });
  });
});

describe('authentication', () => {
  const auth = () => makeAuth({ ...world.ctx, mail: { send: async () => {}, close: () => {} } });
  const actorOf = (headers: Record<string, string>) => findActor(world.ctx, auth(), new Headers(headers));

  it('ACCOUNT-4 a revoked or made-up key authenticates nobody and has its own refusal', async () => {
    const input = { accountId, userId: 'u', isAdmin: false, name: 'k', scopes: ['session:read'] as Scope[] };
    const made = await createApiKey(world.ctx, input);
    expect(await actorOf({ authorization: `Bearer ${made.key}` })).toMatchObject({
      kind: 'apiKey',
      accountId,
    });
    await revokeApiKey(world.ctx, { accountId, apiKeyId: made.id, actor: 'user:u' });
    for (const text of [made.key, 'hg_nothing', '', 'x'.repeat(500)]) {
      await expect(actorOf({ authorization: `Bearer ${text}` }), text).rejects.toMatchObject({
        reason: 'UNAUTHORIZED',
      });
    }
  });

  it('ACCOUNT-26 a made-up key counts against its address, and past the limit no key is looked up', async () => {
    const counted: [string, number][] = [];
    let looked = 0;
    const limit = async (address: string, count: 0 | 1) => {
      counted.push([address, count]);
      if (counted.length > 2) throw new DomainError('RATE_LIMITED', 'Too many keys were refused.');
    };
    const sql = (() => {
      looked++;
      return Promise.resolve([]);
    }) as unknown as typeof world.ctx.sql;
    const ctx = { ...world.ctx, sql, rates: { ...world.ctx.rates, takeRefusedKeys: limit } };
    const headers = new Headers({
      authorization: `Bearer ${newApiKeyText().key}`,
      [PEER_HEADER]: '203.0.113.9',
    });
    await expect(findActor(ctx, auth(), headers)).rejects.toMatchObject({ reason: 'UNAUTHORIZED' });
    await expect(findActor(ctx, auth(), headers)).rejects.toMatchObject({ reason: 'RATE_LIMITED' });
    expect(counted).toEqual([
      ['203.0.113.9', 0],
      ['203.0.113.9', 1],
      ['203.0.113.9', 0],
    ]);
    expect(looked).toBe(1);
  });

  it('ACCOUNT-3 a response never waits for an email: it takes as long for a known address as for an unknown one', async () => {
    const email = `${newId()}@x.test`;
    let sent = 0;
    const hangs = () => {
      sent++;
      return new Promise<void>(() => {});
    };
    const { api } = makeAuth({ ...world.ctx, mail: { send: hangs, close: () => {} } });
    await api.signUpEmail({ body: { email, name: 'E', password: 'a-good-password' } });
    await api.requestPasswordReset({ body: { email, redirectTo: '/reset-password' } });
    expect(sent).toBe(2);
  });

  it('ACCOUNT-10 an expired, foreign or made-up sign-in authenticates nobody', async () => {
    const userId = newId();
    await world.ctx
      .sql`insert into auth_user (id, name, email) values (${userId}, 'E', ${`${userId}@x.test`})`;
    await world.ctx.sql`
      insert into auth_sign_in (id, token, user_id, expires_at) values (${newId()}, 'old-token', ${userId}, now() - interval '1 second')`;
    for (const cookie of [
      'hourglass.session_token=old-token',
      'hourglass.session_token=old-token.forged',
      'x=y',
    ]) {
      expect(await actorOf({ cookie }), cookie).toBeNull();
    }
  });
});

describe('text that cannot be stored', () => {
  it.each(PATHS)('SESSION-18 is refused as invalid input, not as a defect: %s', async (path) => {
    const texts = [...ID_FIELDS, 'accountId', 'planId', 'name', 'reason', 'cursor', 'search'];
    const fields = fieldsOf(path).filter(([name]) => texts.includes(name));
    const input = Object.fromEntries(fields.map(([name]) => [name, 'a\0b']));
    const { code } = await call(path, person({ isAdmin: true }), input);
    expect(code).not.toBe('INTERNAL_SERVER_ERROR');
    if (fields.length > 0) expect(code).toBe('BAD_REQUEST');
  });
});
