import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Ctx, inTx } from '@/server/context';
import { makeLog } from '@/server/log';
import { DatabaseDoor } from '@/test/database-door';
import { createTestDatabase, type TestDatabase } from '@/test/db';
import { type Database, openDatabase } from './client';
import { isCutConnection } from './guard';

let database: TestDatabase;
let door: DatabaseDoor;
let pool: Database;
let ctx: Ctx;
const late: unknown[] = [];
const listeners = process.listeners('uncaughtException');

beforeAll(async () => {
  // The guard of every process survives errors thrown from the driver's own timer; this test inspects them instead.
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => late.push(error));
  database = await createTestDatabase();
  door = new DatabaseDoor(database.url);
  await door.open();
  pool = openDatabase(door.url, { max: 1, asOwner: true });
  await pool.sql`create table written (word text)`;
  ctx = { sql: pool.sql, log: makeLog('test', 'silent') } as unknown as Ctx;
});
afterEach(() => {
  for (const error of late.splice(0)) expect(isCutConnection(error), String(error)).toBe(true);
});
afterAll(async () => {
  await pool.close();
  await door.close();
  await database.drop();
  process.removeAllListeners('uncaughtException');
  for (const listener of listeners) process.on('uncaughtException', listener);
});

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Sends a query in every turn of the event loop, so that one is always about to be sent, also when `cut` has run. */
async function askAllTheTime(cut: () => void): Promise<void> {
  const ask = async (asked: number) => {
    const [row] = await pool.sql`select ${asked}::int as answered`.catch(() => [{ answered: asked }]);
    expect(row?.answered).toBe(asked);
  };
  const asked: Promise<void>[] = [];
  for (let turns = 0; turns < 30; turns++) {
    await turn();
    asked.push(ask(turns));
    if (turns === 10) cut();
  }
  await Promise.all(asked);
}

describe('a connection that is cut', () => {
  it.each(['politely', 'hard'] as const)(
    'QUOTA-37 %s, while queries are in flight and new ones arrive, gives each query its own result',
    async (how) => {
      for (let round = 0; round < 10; round++) {
        await askAllTheTime(() => door.cut(how));
        const from = performance.now();
        expect(await pool.sql`select ${round}::int as round`).toEqual([{ round }]);
        expect(performance.now() - from, `round ${round}`).toBeLessThan(2_000);
      }
    },
  );

  it('QUOTA-37 is reopened soon after PostgreSQL is back, however many attempts failed before', async () => {
    await door.close();
    const from = performance.now();
    for (let tries = 0; tries < 12; tries++) await pool.sql`select 1`.catch(() => turn());
    await door.open(Number(new URL(door.url).port));
    await expect
      .poll(() => pool.sql`select 1 as one`.catch(() => []), { timeout: 25_000 })
      .toEqual([{ one: 1 }]);
    expect(performance.now() - from).toBeLessThan(8_000);
  });

  it('QUOTA-37 while the driver reads its types, fails the queries waiting for it and nothing else', async () => {
    door.cutAt = 'typarray';
    door.cut('hard');
    const ask = () => pool.sql`select 1 as one`.catch((error) => error.code);
    await expect.poll(async () => [await ask(), door.cutAt]).toEqual(['ECONNRESET', null]);
    const ids = [1, 2];
    await expect
      .poll(() => pool.sql`select ${ids}::int[] as ids`.catch(() => []), { timeout: 5_000 })
      .toEqual([{ ids }]);
    await turn();
    expect(late).toEqual([]);
  });

  it('QUOTA-37 ends its transaction: none of it is written through another connection', async () => {
    let other: Promise<unknown> = Promise.resolve();
    let refused: unknown;
    const decided = inTx(ctx, async (tx) => {
      await tx.sql`insert into written values ('first')`;
      // Another query waits for the only connection and gets it as soon as it is reopened.
      other = pool.sql`select 1 as one`;
      door.cut('politely');
      await other;
      await tx.sql`insert into written values ('second')`.catch((error) => {
        refused = error;
      });
    });
    await expect(decided).rejects.toMatchObject({ reason: 'QUOTA_UNAVAILABLE' });
    expect(await other).toEqual([{ one: 1 }]);
    await expect.poll(() => refused).toMatchObject({ code: 'CONNECTION_CLOSED' });
    expect(await pool.sql`select word from written`).toEqual([]);
  });

  it('QUOTA-13 a database that stays silent is given up, and the decision with it', async () => {
    const silent = {
      ...ctx,
      sql: Object.assign(() => new Promise(() => {}), { begin: () => new Promise(() => {}) }),
    };
    await expect(inTx(silent as unknown as Ctx, async () => {}, 50)).rejects.toMatchObject({
      reason: 'QUOTA_UNAVAILABLE',
    });
  });
});
