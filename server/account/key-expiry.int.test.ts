import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorld, type World } from '@/test/world';
import { newId } from '../ids';
import { deliverMail } from '../mail/deliver-mail';
import type { Email } from '../mail/send';
import { createCaller } from '../router';
import { endedGrants } from '../run/grants';
import { makeAuth } from './auth';
import { createAccount } from './create-account';
import { findActor } from './find-actor';
import { tellExpiringKeys } from './tell-expiring-keys';

/** Keys with an expiry: created, used, expired, and announced before. */

const START = Date.parse('2026-11-24T12:00:00Z');
const DAY_MS = 86_400_000;
let world: World;
beforeAll(async () => {
  world = await createWorld({ startAt: START });
});
afterAll(() => world.close());

const at = (days: number) => new Date(START + days * DAY_MS).toISOString();
const actorOf = (key: string) => {
  const auth = makeAuth({ ...world.ctx, mail: { send: async () => {}, close: () => {} } });
  return findActor(world.ctx, auth, new Headers({ authorization: `Bearer ${key}` }));
};

async function newOwner() {
  const { userId, accountId } = await createAccount(world.ctx, { email: `k-${newId()}@x.test` });
  const actor = {
    kind: 'user' as const,
    userId,
    accountId,
    role: 'owner' as const,
    isAdmin: false,
    lacksSecondFactor: false,
  };
  const caller = createCaller({ ...world.ctx, actor, requestId: 't', responseHeaders: new Headers() });
  const make = (expiresAt?: string, name = 'ci') =>
    caller.apiKey.create({ name, scopes: ['session:read'], expiresAt });
  return { accountId, caller, make };
}

it('ACCOUNT-66 a key is refused after its expiry, with this reason, and stays in the list', async () => {
  const { accountId, caller, make } = await newOwner();
  const { id, key, expiresAt } = await make(at(1));
  const endless = await make();
  expect([expiresAt, endless.expiresAt]).toEqual([at(1), null]);
  expect(await actorOf(key)).toMatchObject({ kind: 'apiKey', accountId });
  await world.advance(DAY_MS - 1);
  expect(await actorOf(key)).toMatchObject({ kind: 'apiKey' });
  expect(await endedGrants(world.ctx, accountId, [`key_${id}`, `key_${endless.id}`])).toEqual([]);
  await world.advance(1);
  await expect(actorOf(key)).rejects.toMatchObject({
    reason: 'UNAUTHORIZED',
    message: 'This API key expired on 2026-11-25. Create a new one under Settings.',
  });
  expect(await endedGrants(world.ctx, accountId, [`key_${id}`, `key_${endless.id}`])).toEqual([`key_${id}`]);
  expect(await actorOf(endless.key)).toMatchObject({ kind: 'apiKey' });
  const listed = (await caller.apiKey.list()).map((one) => [one.name, one.expiresAt]);
  expect(listed).toEqual([
    ['ci', null],
    ['ci', at(1)],
    ['operator', null],
  ]);
  for (const bad of [at(1), at(-5)]) {
    const refused = make(bad);
    await expect(refused, bad).rejects.toMatchObject({ cause: { reason: 'INVALID_INPUT' } });
  }
  await expect(make('tomorrow')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
});

it('ACCOUNT-66 its owners are told once, seven days before, and not of a key made for a shorter time', async () => {
  const { make } = await newOwner();
  const from = world.clock.now();
  const ends = (days: number) => new Date(from + days * DAY_MS).toISOString();
  const { prefix } = await make(ends(30), 'deploy');
  await make(ends(6), 'short');
  await make(undefined, 'endless');
  const sent: Email[] = [];
  const tell = async () => {
    await tellExpiringKeys(world.ctx);
    await deliverMail(world.ctx, { send: async (message) => void sent.push(message), close: () => {} });
  };
  await tell();
  expect(sent).toEqual([]);
  await world.advance(23 * DAY_MS + 1);
  await tell();
  await tell();
  expect(sent.map(({ subject }) => subject)).toEqual(['Your API key “deploy” expires soon']);
  expect(sent[0]?.text).toContain(prefix);
});
