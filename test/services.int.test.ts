import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase } from '@/db/client';
import { createTestDatabase, type TestDatabase } from './db';
import { createTestRedis, type TestRedis } from './redis';

let database: TestDatabase;
let redis: TestRedis;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
});

afterAll(async () => {
  await Promise.all([database.drop(), redis.drop()]);
});

it('a test file gets its own migrated database with the default plans', async () => {
  const { sql, close } = openDatabase(database.url, { max: 1 });
  const plans = await sql<{ id: string }[]>`select id from plan order by sort`;
  await close();
  expect(plans.map((plan) => plan.id)).toEqual(['free', 'trial', 'starter', 'pro', 'max', 'custom']);
});

it('a second database does not see the first', async () => {
  const other = await createTestDatabase();
  expect(other.url).not.toBe(database.url);
  await other.drop();
});

it('a test file gets a Redis database of its own, and flushing keeps it claimed', async () => {
  const client = new Redis(redis.url);
  await client.set('mine', '1');
  await redis.flush();
  expect(await client.get('mine')).toBeNull();
  const other = await createTestRedis();
  expect(other.url).not.toBe(redis.url);
  await other.drop();
  client.disconnect();
});
