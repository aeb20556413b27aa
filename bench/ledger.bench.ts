import { inTx } from '@/server/context';
import { newId } from '@/server/ids';
import { charge, hold } from '@/server/quota/book';
import { lockAccount } from '@/server/quota/load-account';
import { verifyLedger } from '@/server/quota/verify-ledger';
import startTestServices from '@/test/services';
import { asOwner, createWorld } from '@/test/world';
import { sizeOf } from './sizes';
import { figure, measure, printTable } from './table';

/**
 * The cost of the hash chain: settlements per second (lock, hold, charge with one ledger entry, commit) with and
 * without the chaining trigger, in turns on the same database; and the speed of verifying a ledger.
 */

const SECONDS = sizeOf('BENCH_SECONDS', 3, 0.3);
const ROUNDS = sizeOf('BENCH_ROUNDS', 4, 1);
const LANES = 8;
const ACCOUNTS = sizeOf('BENCH_ACCOUNTS', 5_000, 500);

const stopServices = await startTestServices();
const world = await createWorld({ max: LANES });
await world.ctx.sql`
  insert into account (id, name, status, own_plan_id)
  select 'account-' || n, 'Bench', 'active', 'custom' from generate_series(1, ${ACCOUNTS}) n`;

const settle = (lane: number, count: number) =>
  inTx(world.ctx, async (tx) => {
    const state = await lockAccount(tx, `account-${((lane + count * LANES) % ACCOUNTS) + 1}`);
    const from = state.now - (state.now % 86_400_000);
    const segments = [{ from, to: from + 1_000, period: new Date(from).toISOString().slice(0, 7) }];
    await hold(tx, state, segments);
    await charge(tx, state, newId(), segments);
  });

const chain = (on: boolean) =>
  asOwner(world.url, async (owner) => {
    await owner.unsafe(`alter table usage_entry ${on ? 'enable' : 'disable'} trigger usage_entry_chain`);
  });

await asOwner(world.url, (owner) => owner`alter table usage_entry drop constraint usage_entry_chained`);
await measure(LANES, Math.min(1, SECONDS), settle);
const rates = { on: [] as number[], off: [] as number[], p99on: [] as number[], p99off: [] as number[] };
for (let round = 0; round < ROUNDS * 2; round++) {
  const on = round % 2 === 0;
  await chain(on);
  const { perSecond, p99 } = await measure(LANES, SECONDS, settle);
  rates[on ? 'on' : 'off'].push(perSecond);
  rates[on ? 'p99on' : 'p99off'].push(p99);
}
const middle = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const from = performance.now();
const { entryCount } = await verifyLedger(world.ctx, null);
const seconds = (performance.now() - from) / 1000;

printTable(`Settlements, ${LANES} connections, ${ROUNDS} turns of ${SECONDS} s each, middle of the turns`, [
  { what: 'chained', 'per second': figure(middle(rates.on), 0), 'p99 ms': figure(middle(rates.p99on)) },
  { what: 'trigger off', 'per second': figure(middle(rates.off), 0), 'p99 ms': figure(middle(rates.p99off)) },
  { what: 'chained / off', 'per second': figure(middle(rates.on) / middle(rates.off)) },
]);
printTable('Verification', [
  {
    what: 'entries per second',
    rate: figure(entryCount / seconds, 0),
    entries: entryCount,
    seconds: figure(seconds),
  },
]);
await world.close();
await stopServices();
