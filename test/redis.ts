import { Redis } from 'ioredis';
import { assertLocal } from './local';

export type TestRedis = { url: string; flush(): Promise<void>; drop(): Promise<void> };

const CLAIM = 'hourglass:test:claim';

/**
 * Claims an empty Redis database (by number) that no other test file uses. Only an empty database is claimed, so that
 * flushing it can never delete other data. One per test file; `drop` empties and frees it.
 */
export async function createTestRedis(): Promise<TestRedis> {
  const server = process.env.TEST_REDIS_URL;
  if (!server)
    throw new Error(
      'There is no test Redis. Name the file *.int.test.ts and run it with vitest from the root folder.',
    );
  assertLocal('TEST_REDIS_URL', server);
  const client = new Redis(server, { maxRetriesPerRequest: 1 });
  try {
    const [, count] = (await client.config('GET', 'databases')) as [string, string];
    for (let number = 1; number < Number(count); number += 1) {
      await client.select(number);
      if ((await client.dbsize()) > 0 || (await client.set(CLAIM, process.pid, 'NX')) === null) continue;
      // Two files may find it empty; only the one whose claim succeeds continues, and then it is alone here.
      return testRedis(Object.assign(new URL(server), { pathname: `/${number}` }).href);
    }
    throw new Error(`Every database of ${server} is in use.`);
  } finally {
    client.disconnect();
  }
}

function testRedis(url: string): TestRedis {
  const flush = async (keepClaim: boolean) => {
    const client = new Redis(url, { maxRetriesPerRequest: 1 });
    await client.flushdb();
    if (keepClaim) await client.set(CLAIM, process.pid);
    client.disconnect();
  };
  return { url, flush: () => flush(true), drop: () => flush(false) };
}
