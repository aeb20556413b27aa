import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestRedis, type TestRedis } from '@/test/redis';
import type { DomainError } from './errors';
import { openRates } from './rate';

let redis: TestRedis;
beforeAll(async () => {
  redis = await createTestRedis();
});
afterAll(() => redis.drop());

it('SESSION-17 more starts in a minute than allowed are refused with the seconds to wait, in all processes together', async () => {
  const [one, two] = [openRates(redis.url, 3), openRates(redis.url, 3)];
  const client = new Redis(redis.url);
  for (const [name, rates] of Object.entries({ one, two })) {
    await expect
      .poll(async () =>
        rates.takeStart(`${name}-${Math.random()}`).then(() => client.keys(`rate:start:${name}*`)),
      )
      .not.toEqual([]);
  }
  client.disconnect();
  const take = (rates: typeof one) =>
    rates.takeStart('a').then(
      () => 'ok',
      (error: DomainError) => error,
    );
  expect([await take(one), await take(two), await take(one)]).toEqual(['ok', 'ok', 'ok']);
  const refused = (await take(two)) as DomainError;
  expect(refused.reason).toBe('RATE_LIMITED');
  expect(refused.details.retryAfterSeconds).toBeGreaterThan(0);
  expect(await one.takeStart('b').then(() => 'ok')).toBe('ok');
  await Promise.all([one.close(), two.close()]);
});

it('ACCOUNT-13 tries to sign in are counted by account and by address, in all processes, with and without Redis', async () => {
  const [one, two, alone] = [
    openRates(redis.url, 3),
    openRates(redis.url, 3),
    openRates('redis://127.0.0.1:9', 3),
  ];
  const outcome = (rates: typeof one, email: string, from: string) =>
    rates.takeSignIn(email, from).then(
      () => 'ok',
      (error: DomainError) => error.reason,
    );
  const client = new Redis(redis.url);
  for (const rates of [one, two]) {
    await expect
      .poll(() => outcome(rates, `${Math.random()}`, 'warm').then(() => client.keys('rate:sign-in:*')))
      .not.toEqual([]);
  }
  client.disconnect();
  const tries: string[] = [];
  for (let i = 0; i < 12; i++) {
    tries.push(await outcome(i % 2 ? one : two, i % 3 ? 'Ada@x.test ' : 'ada@x.test', `10.0.0.${i}`));
  }
  expect(tries.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'ok'));
  expect(tries.slice(10)).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
  await one.forgetSignIn('ADA@x.test');
  expect(await outcome(two, 'ada@x.test', '10.0.0.99')).toBe('ok');
  const spray = await Promise.all(
    Array.from({ length: 320 }, (_, i) => outcome(one, `p${i}@x.test`, '10.9.9.9')),
  );
  expect(spray.filter((one) => one === 'ok')).toHaveLength(300);
  const withoutRedis = [];
  for (let i = 0; i < 12; i++) withoutRedis.push(await outcome(alone, 'bob@x.test', '10.0.1.1'));
  expect(withoutRedis.filter((one) => one === 'ok')).toHaveLength(10);
  await Promise.all([one.close(), two.close(), alone.close()]);
});
