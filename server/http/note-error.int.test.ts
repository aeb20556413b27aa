import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createTestRedis, type TestRedis } from '@/test/redis';
import { makeLog } from '../log';
import { noteError } from './note-error';
import { openRates } from './rate';

let redis: TestRedis;
beforeAll(async () => {
  redis = await createTestRedis();
});
afterAll(() => redis.drop());

const report = {
  release: '1.2.3+abc',
  kind: 'script',
  message: 'x is not a function for ada@example.com',
  stack: 'at f (https://h.test/_next/static/chunks/a.js:1:2)',
  path: '/dashboard?secret=1',
};
const from = (address: string) => ({ address, browser: 'Firefox on Linux' });

function open() {
  const lines: Record<string, unknown>[] = [];
  const to = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(JSON.parse(chunk.toString()));
      done();
    },
  });
  const rates = openRates(redis.url, 10);
  onTestFinished(() => rates.close());
  return { ctx: { rates, log: makeLog('web', 'info', [], to) }, lines };
}

it('ACCOUNT-85 an error of a page is in the log with its release, and names nobody', async () => {
  const { ctx, lines } = open();
  await noteError(ctx, from('192.0.2.1'), report);
  const [{ time, ...line } = {}] = lines;
  expect(line).toEqual({
    level: 40,
    service: 'web',
    msg: 'a page failed in a browser',
    release: '1.2.3+abc',
    kind: 'script',
    browser: 'Firefox on Linux',
    message: 'x is not a function for [email]',
    frames: ['f a.js:1:2'],
    page: '/dashboard',
  });
});

it('ACCOUNT-85 anything else is refused and not logged', async () => {
  const { ctx, lines } = open();
  for (const body of [
    null,
    {},
    { ...report, more: 1 },
    { ...report, release: 'a b' },
    { ...report, message: 1 },
  ])
    await expect(noteError(ctx, from('192.0.2.2'), body)).rejects.toMatchObject({ reason: 'INVALID_INPUT' });
  expect(lines).toEqual([]);
});

it('ACCOUNT-87 one address, and all of them together, fill no log', async () => {
  const { ctx, lines } = open();
  const send = (address: string) =>
    noteError(ctx, from(address), report).then(
      () => 'ok',
      (error) => error.reason,
    );
  const one = await Promise.all(Array.from({ length: 30 }, () => send('192.0.2.3')));
  expect(one.filter((answer) => answer === 'ok')).toHaveLength(10);
  expect(new Set(one)).toEqual(new Set(['ok', 'RATE_LIMITED']));
  const many = await Promise.all(Array.from({ length: 400 }, (_, i) => send(`192.0.3.${i}`)));
  expect(many.filter((answer) => answer === 'ok')).toHaveLength(110);
  expect(lines).toHaveLength(120);
});
