import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccount, createWorld, type World } from '@/test/world';
import { createApiKey } from './account/create-api-key';
import { findActor } from './account/find-actor';
import { revokeApiKey } from './account/revoke-api-key';
import { makeAuth } from './auth';
import type { Actor } from './context';
import { newId } from './ids';
import { appRouter, createCaller } from './router';
import { SCOPES, type Scope } from './shapes';

/** Who may call what, asked of the router itself: a procedure that is not in this table fails the test. */

const READS = ['session:read', 'session:write'];
const MONEY_READS = ['billing:read', 'billing:write'];
type Who = { people: 'all' | 'members' | 'owners' | 'admins'; keys: string[] };
const everybody: Who = { people: 'all', keys: [...SCOPES] };
const members = (...keys: string[]): Who => ({ people: 'members', keys });
const owners = (...keys: string[]): Who => ({ people: 'owners', keys });
const admins: Who = { people: 'admins', keys: ['admin'] };

const TABLE: Record<string, Who> = {
  'session.create': members('session:write'),
  'session.start': members('session:write'),
  'session.stop': members('session:write'),
  'session.rename': members('session:write'),
  'session.delete': members('session:write'),
  'session.connect': members('session:write'),
  'session.list': members(...READS),
  'session.get': members(...READS),
  'session.batchStatus': members(...READS),
  'quota.get': members('usage:read'),
  'usage.days': members('usage:read'),
  'usage.runs': members('usage:read'),
  'billing.plans': everybody,
  'billing.summary': members(...MONEY_READS),
  'billing.invoices': members(...MONEY_READS),
  'billing.refresh': members('billing:write'),
  'billing.previewChange': owners(...MONEY_READS),
  'billing.upgradeLink': owners('billing:write'),
  'billing.portalLink': owners('billing:write'),
  'billing.changePlan': owners('billing:write'),
  'billing.cancel': owners('billing:write'),
  'billing.resume': owners('billing:write'),
  'billing.startTrial': owners('billing:write'),
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

const PATHS = Object.keys(appRouter._def.procedures);
const RANK = { all: 0, members: 1, owners: 2, admins: 3 } as const;

let world: World;
let accountId: string;
beforeAll(async () => {
  world = await createWorld({ startAt: Date.parse('2026-11-24T12:00:00Z') });
  accountId = await createAccount(world, { planId: 'pro' });
});
afterAll(() => world.close());

/** Whether an actor gets past the door: what is asked with nonsense is refused for its nonsense, and only then. */
async function admits(path: string, actor: Actor | null): Promise<boolean> {
  const caller = createCaller({ ...world.ctx, actor, requestId: 't', responseHeaders: new Headers() });
  const call = path.split('.').reduce((at: unknown, name) => (at as Record<string, unknown>)[name], caller);
  const refusal = await (call as (input: unknown) => Promise<unknown>)({ nonsense: true }).then(
    () => null,
    (error) => error.code as string,
  );
  return refusal !== 'UNAUTHORIZED' && refusal !== 'FORBIDDEN';
}

const person = (more: { role?: 'owner' | 'member'; isAdmin?: boolean; accountId?: string } = {}): Actor => ({
  kind: 'user',
  userId: newId(),
  accountId: more.accountId ?? accountId,
  role: more.role ?? 'owner',
  isAdmin: more.isAdmin ?? false,
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

  it.each(PATHS)('ACCOUNT-10 ACCOUNT-5 admits whom it should and nobody else: %s', async (path) => {
    const who = TABLE[path] as Who;
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

describe('what belongs to another account', () => {
  it.each([
    ['session.get', 'sessionId'],
    ['session.start', 'sessionId'],
    ['session.stop', 'sessionId'],
    ['session.delete', 'sessionId'],
    ['session.connect', 'sessionId'],
    ['session.rename', 'sessionId'],
    ['apiKey.revoke', 'apiKeyId'],
  ])('SESSION-11 is not there: %s', async (path, field) => {
    const owner = createCaller({
      ...world.ctx,
      actor: person(),
      requestId: 't',
      responseHeaders: new Headers(),
    });
    const session = await owner.session.create({ name: 'mine' });
    const { id: apiKeyId } = await createApiKey(world.ctx, {
      accountId,
      userId: 'u',
      isAdmin: false,
      name: 'k',
      scopes: ['session:read'],
    });
    const stranger = person({ accountId: await createAccount(world), isAdmin: true });
    const caller = createCaller({
      ...world.ctx,
      actor: stranger,
      requestId: 't',
      responseHeaders: new Headers(),
    });
    const call = path.split('.').reduce((at: unknown, name) => (at as Record<string, unknown>)[name], caller);
    const input = {
      [field]: field === 'sessionId' ? session.id : apiKeyId,
      ...(path.endsWith('rename') ? { name: 'x' } : {}),
    };
    await expect((call as (input: unknown) => Promise<unknown>)(input)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('who is asked for', () => {
  const auth = () => makeAuth({ ...world.ctx, mail: { send: async () => {}, close: () => {} } });
  const actorOf = (headers: Record<string, string>) => findActor(world.ctx, auth(), new Headers(headers));

  it('ACCOUNT-4 a revoked or made-up key is nobody, with a refusal of its own', async () => {
    const input = { accountId, userId: 'u', isAdmin: false, name: 'k', scopes: ['session:read'] as Scope[] };
    const made = await createApiKey(world.ctx, input);
    expect(await actorOf({ authorization: `Bearer ${made.key}` })).toMatchObject({
      kind: 'apiKey',
      accountId,
    });
    await revokeApiKey(world.ctx, { accountId, apiKeyId: made.id });
    for (const text of [made.key, 'hg_nothing', '', 'x'.repeat(500)]) {
      await expect(actorOf({ authorization: `Bearer ${text}` }), text).rejects.toMatchObject({
        reason: 'UNAUTHORIZED',
      });
    }
  });

  it('ACCOUNT-10 an expired, foreign or made-up sign-in is nobody', async () => {
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

  it.each([
    ['blocked', 'ACCOUNT_BLOCKED'],
    ['pending', 'ACCOUNT_PENDING'],
  ])(
    'ACCOUNT-7 SESSION-6 a %s account reads, stops and deletes, and starts nothing',
    async (status, reason) => {
      const own = await createAccount(world, { status });
      const caller = createCaller({
        ...world.ctx,
        actor: person({ accountId: own }),
        requestId: 't',
        responseHeaders: new Headers(),
      });
      const { id: sessionId } = await caller.session.create({ name: 's' });
      await expect(caller.session.start({ sessionId })).rejects.toMatchObject({ cause: { reason } });
      expect((await caller.session.batchStatus()).start.reason).toBe(reason);
      expect((await caller.session.stop({ sessionId })).status).toBe('stopped');
      expect(await caller.session.delete({ sessionId })).toEqual({ deleted: true });
      expect(await caller.usage.runs({})).toMatchObject({ items: [] });
      expect(await caller.billing.summary()).toMatchObject({ plan: { id: 'free' } });
    },
  );
});
