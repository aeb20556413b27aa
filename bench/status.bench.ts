import type { AddressInfo } from 'node:net';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { Pool } from 'undici';
import { batchStatus } from '@/server/session/batch-status';
import { access, router } from '@/server/trpc';
import startTestServices from '@/test/services';
import { asOwner, createAccount, createWorld } from '@/test/world';
import { sizeOf } from './sizes';
import { figure, measure, printTable } from './table';

/**
 * `session.batchStatus` of an account with 20 sessions and a million ledger entries, beside an empty procedure of the
 * same router and beside the same account without history. Over HTTP, with server and client in one process.
 */

const SECONDS = sizeOf('BENCH_SECONDS', 5, 0.5);
const LANES = 8;
const ENTRIES = sizeOf('BENCH_ENTRIES', 1_000_000, 2_000);

const stopServices = await startTestServices();
const world = await createWorld({ max: LANES });
const { sql } = world.ctx;

async function accountWith(entries: number): Promise<string> {
  const accountId = await createAccount(world, { planId: 'max' });
  await sql`
    insert into session (id, account_id, name, agent, region, size, created_at)
    select ${accountId} || '-' || n, ${accountId}, 'session ' || n, 'bash', 'iad', 'standard', hg_clock() from generate_series(1, 20) n`;
  // The history is written with zeros for hashes, because the trigger would chain a million entries one by one.
  await asOwner(world.url, async (owner) => {
    await owner`set session_replication_role = replica`;
    await owner`set statement_timeout = 0`;
    await owner`
      insert into usage_entry (account_id, run_id, kind, period, day, from_at, to_at, ms, seq, prev_hash, hash)
      select ${accountId}, 'run-' || n % 1000, 'run', to_char(d, 'YYYY-MM'), d::date, d, d + interval '1 second', 1000, n, '', ''
      from generate_series(1, ${entries}::int) n, lateral (select timestamptz '2020-01-01' + n * interval '3 minutes' as d) x`;
  });
  await sql`
    insert into usage_period (account_id, period, used_ms)
    select ${accountId}, to_char(timestamptz '2015-01-01' + n * interval '1 month', 'YYYY-MM'), 1000
    from generate_series(1, ${entries > 0 ? 130 : 0}) n`;
  return accountId;
}

await sql.unsafe(`set statement_timeout = 0`);
const empty = await accountWith(0);
const old = await accountWith(ENTRIES);
await asOwner(world.url, (owner) => owner.unsafe('vacuum analyze'));

const served = router({
  nothing: access('session:read').query(() => null),
  status: access('session:read').query(({ ctx }) => batchStatus(ctx, ctx.accountId)),
});
const server = createHTTPServer({
  router: served,
  createContext: ({ req }) => ({
    ...world.ctx,
    actor: {
      kind: 'user',
      userId: 'u',
      accountId: String(req.headers['x-account']),
      role: 'owner',
      isAdmin: false,
      lacksSecondFactor: false,
    },
    requestId: 'bench',
    responseHeaders: new Headers(),
  }),
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { connections: LANES });

/**
 * Measures requests over HTTP. The client runs in the same process, which adds the same cost to both sides of each
 * comparison.
 */
async function http(accountId: string, what: 'nothing' | 'status') {
  const call = async () => {
    const { statusCode, body } = await pool.request({
      method: 'GET',
      path: `/${what}`,
      headers: { 'x-account': accountId },
    });
    await body.text();
    if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
  };
  await measure(LANES, Math.min(1, SECONDS), call);
  return measure(LANES, SECONDS, call);
}

const nothing = await http(empty, 'nothing');
const fresh = await http(empty, 'status');
const full = await http(old, 'status');
const again = await http(empty, 'status');
const freshRate = (fresh.perSecond + again.perSecond) / 2;

const row = (what: string, m: { perSecond: number; p50: number; p99: number }) => ({
  what,
  'per second': figure(m.perSecond, 0),
  'p50 ms': figure(m.p50),
  'p99 ms': figure(m.p99),
});
printTable(`session.batchStatus, 20 sessions, ${LANES} lanes, ${SECONDS} s, over HTTP in one process`, [
  row('empty procedure', nothing),
  row('status, no history', { ...fresh, perSecond: freshRate }),
  row(`status, ${ENTRIES.toLocaleString('en')} entries`, full),
  { what: 'with / without history (aim 0.9)', 'per second': figure(full.perSecond / freshRate) },
  { what: 'status / empty procedure (aim 0.5)', 'per second': figure(full.perSecond / nothing.perSecond) },
]);

await pool.close();
server.close();
await world.close();
await stopServices();
