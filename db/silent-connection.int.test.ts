import { sql as raw } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Ctx, inTx } from '@/server/context';
import { makeLog } from '@/server/log';
import { DatabaseDoor } from '@/test/database-door';
import { createTestDatabase, type TestDatabase } from '@/test/db';
import { asOwner } from '@/test/world';
import { type Database, openDatabase } from './client';
import { limitDatabaseTime } from './time-limit';

const CONNECTIONS = 4;
const SILENCE_MS = 800;

let database: TestDatabase;
let door: DatabaseDoor;
let pool: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  await asOwner(database.url, (owner) =>
    owner`create table written (word text); grant all on written to hourglass_app`.simple(),
  );
});
afterAll(() => database.drop());
beforeEach(async () => {
  door = new DatabaseDoor(database.url);
  await door.open();
});
afterEach(async () => {
  await pool.close();
  await door.close();
  await asOwner(database.url, (owner) => owner`delete from written`);
});

async function openPool(silenceMs?: number): Promise<Ctx> {
  pool = openDatabase(door.url, { max: CONNECTIONS, ...(silenceMs === undefined ? {} : { silenceMs }) });
  await pool.openAll();
  await pool.db.execute(raw`select 1`);
  return { sql: pool.sql, log: makeLog('test', 'silent') } as unknown as Ctx;
}

const written = () => asOwner(database.url, (owner) => owner`select word from written`);
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'answered',
    (error) => error.code ?? error.cause?.code,
  );

describe('a connection that goes silent', () => {
  it('QUOTA-42 is closed within 12 s, and decisions succeed again within 15 s when every connection is silent', {
    timeout: 40_000,
  }, async () => {
    const ctx = await openPool();
    door.silence();
    const from = performance.now();
    const decide = () => inTx(ctx, async (tx) => (await tx.sql`select 1`).length, 7_000).catch(() => 0);
    const look = () =>
      ctx.sql`select 1`.then(
        () => 1,
        () => 0,
      );
    const takes = async (ask: () => Promise<number>): Promise<number> => {
      while ((await ask()) === 0);
      return performance.now() - from;
    };
    const waits = await Promise.all([takes(decide), takes(look)]);
    expect(Math.max(...waits)).toBeLessThan(15_000);
    expect(Math.min(...waits)).toBeGreaterThan(10_000);
  });

  it('QUOTA-42 closes all others silent since then, idle connections and those of sign-ins too', async () => {
    await openPool(SILENCE_MS);
    expect(door.count).toBe(CONNECTIONS + 1);
    door.silence();
    const [first] = await Promise.all([
      codeOf(pool.sql`select 1`),
      expect.poll(() => door.count, { timeout: 5_000 }).toBe(0),
    ]);
    expect(first).toBe('CONNECTION_CLOSED');
    expect(await codeOf(pool.db.execute(raw`select 1`))).toBe('answered');
    expect(await Promise.all(Array.from({ length: 8 }, () => codeOf(pool.sql`select 1`)))).toEqual(
      Array(8).fill('answered'),
    );
  });

  it('QUOTA-42 rejects every query that was sent on it', async () => {
    await openPool(SILENCE_MS);
    door.silence();
    const asked = Array.from({ length: 20 }, () => codeOf(pool.sql`select 1`));
    expect(await Promise.all(asked)).toEqual(Array(20).fill('CONNECTION_CLOSED'));
  });

  it('QUOTA-42 is told apart from a statement that may take long', async () => {
    await openPool(0);
    expect(await codeOf(pool.sql`select pg_sleep(${(2 * SILENCE_MS) / 1000})`)).toBe('answered');
  });

  it('QUOTA-42 is told apart from a process that was suspended', async () => {
    await openPool(SILENCE_MS);
    const asked = codeOf(pool.sql`select pg_sleep(0.2)`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const until = performance.now() + 2 * SILENCE_MS;
    while (performance.now() < until);
    expect(await asked).toBe('answered');
  });

  it('QUOTA-42 QUOTA-43 ends its transaction', async () => {
    const ctx = await openPool(SILENCE_MS);
    const decided = inTx(ctx, async (tx) => {
      await tx.sql`insert into written values ('lost')`;
      door.silence();
    });
    await expect(decided).rejects.toMatchObject({ reason: 'QUOTA_UNAVAILABLE' });
    expect(await inTx(ctx, async (tx) => tx.sql`select 1 as one`)).toEqual([{ one: 1 }]);
    expect(await written()).toEqual([]);
  });

  it('QUOTA-42 while it is being opened is closed too', async () => {
    door.isMute = true;
    pool = openDatabase(door.url, { max: 1 });
    const from = performance.now();
    expect(await codeOf(pool.sql`select 1`)).toBe('CONNECT_TIMEOUT');
    expect(performance.now() - from).toBeLessThan(7_000);
    door.isMute = false;
    expect(await codeOf(pool.sql`select 1`)).toBe('answered');
  });
});

describe('work that timed out', () => {
  /** Holds every connection of the pool in a transaction until the returned function is called. */
  async function occupy(): Promise<() => Promise<unknown>> {
    let letGo = () => {};
    const free = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const held = Array.from({ length: CONNECTIONS }, () => pool.sql.begin(() => free));
    await expect
      .poll(
        async () =>
          (
            await asOwner(
              database.url,
              (owner) => owner`
                select 1 from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`,
            )
          ).length,
      )
      .toBe(CONNECTIONS);
    return () => {
      letGo();
      return Promise.all(held);
    };
  }

  it('QUOTA-43 while waiting for a connection is never started, and blocks nothing behind it', async () => {
    const ctx = await openPool();
    const letGo = await occupy();
    let begun = 0;
    const refused = await Promise.all(
      Array.from({ length: 500 }, (_, i) =>
        inTx(
          ctx,
          async (tx) => {
            begun++;
            await tx.sql`insert into written values (${String(i)})`;
          },
          200,
        ).catch((error) => error.reason),
      ),
    );
    expect(new Set(refused)).toEqual(new Set(['QUOTA_UNAVAILABLE']));
    await letGo();
    expect(await inTx(ctx, async (tx) => tx.sql`select 1 as one`)).toEqual([{ one: 1 }]);
    expect(begun).toBe(0);
    expect(await written()).toEqual([]);
  });

  it('QUOTA-43 midway is rolled back, and its connection serves the next query', async () => {
    const ctx = await openPool();
    const late = inTx(
      ctx,
      async (tx) => {
        await tx.sql`insert into written values ('late')`;
        await tx.sql`select pg_sleep(0.6)`;
      },
      300,
    );
    await expect(late).rejects.toMatchObject({ reason: 'QUOTA_UNAVAILABLE' });
    const answers = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => inTx(ctx, async (tx) => tx.sql`select 1 as one`)),
    );
    expect(answers).toEqual(Array(CONNECTIONS).fill([{ one: 1 }]));
    expect(await written()).toEqual([]);
  });

  it('QUOTA-43 after its last statement is not committed', async () => {
    const ctx = await openPool();
    const late = inTx(
      ctx,
      async (tx) => {
        await tx.sql`insert into written values ('late')`;
        await new Promise((resolve) => setTimeout(resolve, 400));
      },
      300,
    );
    await expect(late).rejects.toMatchObject({ reason: 'QUOTA_UNAVAILABLE' });
    await expect
      .poll(() => pool.sql`select 1 from pg_stat_activity where state = 'idle in transaction'`)
      .toEqual([]);
    expect(await written()).toEqual([]);
  });

  it('QUOTA-43 with its commit in flight is reported as having an unknown outcome', async () => {
    const ctx = await openPool();
    door.cutAt = 'commit';
    const decided = inTx(ctx, async (tx) => tx.sql`insert into written values ('unknown')`);
    await expect(decided).rejects.toMatchObject({
      reason: 'QUOTA_UNAVAILABLE',
      message: expect.stringContaining('may have been made'),
    });
    const from = performance.now();
    await pool.close();
    expect(performance.now() - from, 'nothing is waited for on a connection that is gone').toBeLessThan(
      2_000,
    );
  });

  it('QUOTA-43 as a single statement that waits for a connection is never sent', async () => {
    await openPool();
    const letGo = await occupy();
    const refused = limitDatabaseTime(200, () => codeOf(pool.sql`insert into written values ('late')`));
    expect(await refused).toBe('QUERY_TIMEOUT');
    await letGo();
    expect(await codeOf(pool.sql`select 1`)).toBe('answered');
    expect(await written()).toEqual([]);
  });

  it('QUOTA-43 by the limit of its whole request is refused, however many statements the request makes', async () => {
    await openPool();
    const from = performance.now();
    const asked = limitDatabaseTime(400, async () => {
      const codes: string[] = [];
      for (let i = 0; i < 6; i++) codes.push(await codeOf(pool.sql`select pg_sleep(0.15)`));
      return codes;
    });
    expect((await asked).slice(-2)).toEqual(['QUERY_TIMEOUT', 'QUERY_TIMEOUT']);
    expect(performance.now() - from).toBeLessThan(800);
  });

  it('QUOTA-43 while its connection is being opened leaves the connection to the next query', async () => {
    door.isMute = true;
    pool = openDatabase(door.url, { max: 1 });
    expect(await limitDatabaseTime(100, () => codeOf(pool.sql`select 1`))).toBe('QUERY_TIMEOUT');
    door.isMute = false;
    expect(await codeOf(pool.sql`select 1`).then(() => codeOf(pool.sql`select 1`))).toBe('answered');
  });
});
