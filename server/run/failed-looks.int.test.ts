import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import { asOwner } from '@/test/world';
import { reportParked } from '../inventory/report-parked';
import { metrics } from '../metrics';
import { CHECKS_BEFORE_PARKING } from './postpone-check';
import { Sweeper } from './sweep';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z') });
  stage.kind = 'silent';
});
afterAll(() => stage.world.close());

const failures = async () => (await metrics.lookFailures.get()).values[0]?.value ?? 0;

/** Makes PostgreSQL refuse every charge of one account, as contradictory books would. */
const poison = (accountId: string) =>
  asOwner(stage.world.url, (owner) =>
    owner.unsafe(
      `alter table usage_entry add constraint poisoned check (account_id <> '${accountId}') not valid`,
    ),
  );
const cure = () =>
  asOwner(stage.world.url, (owner) => owner.unsafe('alter table usage_entry drop constraint poisoned'));

async function running() {
  const accountId = await stage.account();
  const made = await stage.started(accountId);
  await stage.pass(1_000, 500);
  await stage.call(made.runId, 0, 'running');
  return { accountId, ...made };
}

it('SESSION-46 a run whose look fails is put off, longer and longer, then parked, and ends when its cause is gone', async () => {
  const poisoned = await running();
  const healthy = await running();
  await poison(poisoned.accountId);
  const before = await failures();
  for (const { runId } of [poisoned, healthy]) await stage.call(runId, 1, 'stopped');
  await stage.pass(4_000, 500);
  expect(await stage.run(healthy.runId)).toMatchObject({ status: 'stopped' });

  // About ten minutes: neither every five seconds for ever, nor never again.
  const sweeper = new Sweeper(stage.ctx);
  let looks = 0;
  for (let passed = 0; passed < 11 * 60_000; passed += 1_000) {
    await stage.pass(1_000);
    looks += await sweeper.pass();
    await sweeper.idle();
  }
  expect(await stage.run(poisoned.runId)).toMatchObject({ status: 'stopping' });
  expect(looks).toBeGreaterThanOrEqual(CHECKS_BEFORE_PARKING - 2);
  expect(looks).toBeLessThan(CHECKS_BEFORE_PARKING + 4);
  expect(await failures()).toBeGreaterThanOrEqual(before + CHECKS_BEFORE_PARKING);
  expect((await reportParked(stage.ctx)).run).toBe(1);

  await cure();
  await stage.pass(5 * 60_000, 1_000);
  expect(await stage.run(poisoned.runId)).toMatchObject({ status: 'stopped' });
  expect((await reportParked(stage.ctx)).run).toBe(0);
});

it('SESSION-46 a look that succeeds again ends the parking of a run that goes on', async () => {
  const { runId } = await running();
  await stage.ctx.sql`
    update run set failed_looks = ${CHECKS_BEFORE_PARKING}, parked_at = hg_clock(), due_at = hg_clock() where id = ${runId}`;
  expect((await reportParked(stage.ctx)).run).toBe(1);
  await stage.pass(1_000, 500);
  expect((await reportParked(stage.ctx)).run).toBe(0);
  expect(await stage.ctx.sql`select failed_looks from run where id = ${runId}`).toEqual([
    { failed_looks: 0 },
  ]);
});
