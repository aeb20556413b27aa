import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seedRuns } from '@/test/pretend/seed-runs';
import { createTestRedis, type TestRedis } from '@/test/redis';
import { asOwner, createWorld, type World } from '@/test/world';
import type { Ctx } from '../context';
import { openJobs, queueName } from '../jobs';
import { claimDue, claimRun } from './claim';

let world: World;
let redis: TestRedis;
beforeAll(async () => {
  [world, redis] = await Promise.all([createWorld(), createTestRedis()]);
});
afterAll(async () => {
  await world.close();
  await redis.drop();
});

const minutes = (count: number) => Date.now() + count * 60_000;
/** Inserts runs that are due. */
const seedDue = (prefix: string, count: number) =>
  seedRuns(world.ctx, { prefix, count, endsAt: minutes(-1), withinMs: 1_000 });

const analyze = () => asOwner(world.url, (owner) => owner.unsafe('analyze run'));

/** Returns how many run rows PostgreSQL reads for a claim, and how many it takes; rolls everything back. */
async function readsOfClaim(): Promise<{ taken: number; read: number }> {
  const putBack = new Error('put back');
  let seen = { taken: 0, read: 0 };
  await world.ctx.sql
    .begin(async (sql) => {
      // PostgreSQL's counts of this connection so far; only the difference belongs to the claim.
      const readSoFar = async () => {
        const [row] = await sql<{ read: number }[]>`
          select seq_tup_read + idx_tup_fetch as read from pg_stat_xact_user_tables where relname = 'run'`;
        return row?.read ?? Number.NaN;
      };
      const before = await readSoFar();
      const taken = (await claimDue({ ...world.ctx, sql } as unknown as Ctx, 'fresh', 100)).length;
      seen = { taken, read: (await readSoFar()) - before };
      throw putBack;
    })
    .catch((error) => {
      if (error !== putBack) throw error;
    });
  return seen;
}

it('SESSION-28 looking for what is due reads what is due, not what is open', async () => {
  await seedDue('due', 10);
  await analyze();
  const few = await readsOfClaim();
  await seedRuns(world.ctx, { prefix: 'open', count: 5_000, endsAt: minutes(10), withinMs: 60_000 });
  await analyze();
  const many = await readsOfClaim();
  expect([few.taken, many.taken]).toEqual([10, 10]);
  expect(many.read).toBeLessThanOrEqual(3 * 10);
  await world.ctx.sql`update run set due_at = lease_until + interval '1 hour'`;
});

it('SESSION-28 wake-ups do not pile up: all runs of one tenth of a second share one', async () => {
  const at = Date.now() + 600_000;
  const jobs = openJobs({ url: redis.url, environmentId: 'dev' }, Date.now, world.ctx.log);
  await expect.poll(() => jobs.ping().catch(() => null)).toBe('PONG');
  await Promise.all(Array.from({ length: 1_000 }, (_, n) => jobs.wakeRun(`run-${n}`, at + n)));
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  const queue = new Queue(queueName('dev'), { connection });
  const delayed = await queue.getDelayed();
  expect(delayed.length).toBeLessThanOrEqual(11);
  const wakesAt = delayed.map((job) => job.timestamp + job.delay);
  // Never early, and at most a tenth of a second late.
  expect(Math.min(...wakesAt)).toBeGreaterThanOrEqual(at);
  expect(Math.max(...wakesAt)).toBeLessThanOrEqual(at + 1_000 + 100);
  await queue.close();
  connection.disconnect();
  await jobs.close();
});

it('SESSION-27 processes that take at once get different runs, and a taken run is nobody else’s', async () => {
  await seedDue('shared', 60);
  const shares = await Promise.all(Array.from({ length: 4 }, () => claimDue(world.ctx, 'fresh', 30)));
  const ids = shares.flat().map((run) => run.id);
  expect(new Set(ids).size).toBe(ids.length);
  const rest = await claimDue(world.ctx, 'fresh', 100);
  expect(ids.length + rest.length).toBe(60);
  expect(await claimRun(world.ctx, 'shared-0')).toBeUndefined();
});

it('MACHINE-32 a machine that was told before takes its turn apart from those nobody has told yet', async () => {
  await seedDue('told', 5);
  await world.ctx.sql`
    update run set status = 'stopping', stop_requested_at = hg_clock(), attempts = 1 where id like 'told-%'`;
  await seedDue('untold', 5);
  const names = (runs: { id: string }[]) => runs.map(({ id }) => id.split('-')[0]);
  expect(names(await claimDue(world.ctx, 'fresh', 5))).toEqual(Array(5).fill('untold'));
  expect(names(await claimDue(world.ctx, 'again', 5))).toEqual(Array(5).fill('told'));
});
