import { type AddressInfo, connect, createServer } from 'node:net';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestRedis, type TestRedis } from '@/test/redis';
import type { DomainError } from '../errors';
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

it('ACCOUNT-13 attempts to sign in are counted by account and by address, in all processes, with and without Redis', async () => {
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
  expect(withoutRedis.filter((one) => one === 'ok')).toHaveLength(3);
  const sprayAlone = [];
  for (let i = 0; i < 70; i++) sprayAlone.push(await outcome(alone, `q${i}@x.test`, '10.0.2.2'));
  expect(sprayAlone.filter((one) => one === 'ok')).toHaveLength(60);
  await Promise.all([one.close(), two.close(), alone.close()]);
});

it('ACCOUNT-13 a Redis that hangs is treated as away: attempts are still counted, and no request waits for Redis', async () => {
  let hangs = false;
  const { hostname, port, pathname } = new URL(redis.url);
  const between = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) socket.on('error', () => {});
    near.on('data', (chunk) => void (hangs || far.write(chunk)));
    far.on('data', (chunk) => near.write(chunk));
    near.on('close', () => far.destroy());
  });
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
  const rates = openRates(`redis://127.0.0.1:${(between.address() as AddressInfo).port}${pathname}`, 3);
  const client = new Redis(redis.url);
  await expect
    .poll(() => rates.takeConnect('through').then(() => client.keys('rate:connect:through')))
    .not.toEqual([]);
  client.disconnect();
  hangs = true;
  const from = performance.now();
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, () =>
      rates.takeSignIn('hanging@x.test', '10.0.0.1').then(
        () => 'ok',
        (error: DomainError) => error.reason,
      ),
    ),
  );
  expect(outcomes.filter((one) => one === 'ok')).toHaveLength(3);
  expect(outcomes.filter((one) => one === 'RATE_LIMITED')).toHaveLength(5);
  expect(performance.now() - from).toBeLessThan(5_000);
  await rates.close();
  between.close();
});

it('ACCOUNT-16 terminals, machines, emails, sign-ups and all other calls are rate limited', async () => {
  const rates = openRates(redis.url, 2);
  const refuse = (refused: unknown) => {
    if (refused) throw Object.assign(new Error('refused'), { reason: 'RATE_LIMITED' });
  };
  const limits: [string, number, () => Promise<void>][] = [
    ['calls', 600, () => rates.takeCalls('a', 1)],
    ['questions about payments', 60, () => rates.takeBilling('a')],
    ['refused keys', 600, () => rates.takeRefusedKeys('10.0.0.1', 1)],
    ['connects', 120, () => rates.takeConnect('a')],
    ['calls of a machine', 240, () => rates.takeAgentCall('r')],
    ['emails', 5, () => rates.takeEmail('Ada@x.test')],
    ['sign-ups', 100, async () => refuse(await rates.takeSignUp('10.0.0.1'))],
  ];
  const client = new Redis(redis.url);
  await expect
    .poll(() => rates.takeConnect(`${Math.random()}`).then(() => client.keys('rate:connect:*')))
    .not.toEqual([]);
  client.disconnect();
  for (const [name, most, take] of limits) {
    for (let i = 0; i < most; i++) await take();
    await expect(take(), name).rejects.toMatchObject({ reason: 'RATE_LIMITED' });
  }
  await expect(rates.takeRefusedKeys('10.0.0.1', 0)).rejects.toMatchObject({ reason: 'RATE_LIMITED' });
  for (let i = 0; i < 700; i++) await rates.takeRefusedKeys('10.0.0.2', 0);
  await rates.takeCalls('b', 600);
  await expect(rates.takeCalls('b', 1)).rejects.toMatchObject({ reason: 'RATE_LIMITED' });
  await rates.close();
});
