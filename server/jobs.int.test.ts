import { Queue } from 'bullmq';
import { expect, it } from 'vitest';
import { createTestRedis } from '@/test/redis';
import { openJobs, queueName } from './jobs';
import { makeLog } from './log';

it('SESSION-13 wake-ups that no worker takes stop being queued; the sweep does not need them', async () => {
  const redis = await createTestRedis();
  const jobs = openJobs({ url: redis.url, environmentId: 'dev' }, () => 0, makeLog('test', 'silent'), 150);
  const queue = new Queue(queueName('dev'), { connection: { url: redis.url } });
  await expect.poll(() => jobs.ping().catch(() => null)).toBe('PONG');
  for (let i = 0; i < 1_000; i++) await jobs.wakeRun(`r${i}`, 3_600_000 + i * 100);
  // The queue is counted only now and then, so it may exceed the limit slightly.
  expect(await queue.getJobCountByTypes('wait', 'delayed')).toBe(200);
  await queue.obliterate({ force: true });
  for (let i = 0; i < 101; i++) await jobs.wakeRun(`s${i}`, 3_600_000 + i * 100);
  expect(await queue.getJobCountByTypes('wait', 'delayed')).toBeGreaterThan(0);
  // Another environment on the same Redis has its own queue.
  await queue.obliterate({ force: true });
  const other = openJobs({ url: redis.url, environmentId: 'staging' }, () => 0, makeLog('test', 'silent'));
  await expect.poll(() => other.ping().catch(() => null)).toBe('PONG');
  await other.wakeRun('theirs', 3_600_000);
  expect(await queue.getJobCountByTypes('wait', 'delayed')).toBe(0);
  await other.close();
  await Promise.all([queue.close(), jobs.close()]);
  await redis.drop();
});
