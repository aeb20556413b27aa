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
