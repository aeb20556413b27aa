import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import { asOwner } from '@/test/world';
import { metrics } from '../metrics';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z') });
  stage.kind = 'silent';
});
afterAll(() => stage.world.close());

/** Makes commits fail after everything was written. */
const failCommits = () =>
  asOwner(stage.world.url, (owner) =>
    owner.unsafe(`
      create function fail_commit() returns trigger language plpgsql as
        $$ begin raise exception 'the commit fails'; end $$;
      create constraint trigger fail_commit after update on usage_period deferrable initially deferred
        for each row execute function fail_commit();`),
  );
const mend = () =>
  asOwner(stage.world.url, (owner) =>
    owner.unsafe('drop trigger fail_commit on usage_period; drop function fail_commit();'),
  );

const totalOf = async (counter: { get(): Promise<{ values: { value: number }[] }> }) =>
  (await counter.get()).values.reduce((sum, { value }) => sum + value, 0);

it('QUOTA-60 a decision that is rolled back at its commit is not counted: neither an end nor a slice', async () => {
  const accountId = await stage.account({ planId: 'max' });
  const { runId, machine } = await stage.started(accountId);
  await stage.pass(3_000);
  await stage.call(runId, 0, 'running');
  await stage.pass(400_000);
  const [granted, ended] = [metrics.leasesGranted, metrics.runsEnded];
  const before = [await totalOf(granted), await totalOf(ended)];

  await failCommits();
  await expect(stage.call(runId, 1, 'renew')).rejects.toThrow('the commit fails');
  stage.provider.end(machine);
  await stage.pass(20 * 60_000, 60_000);
  expect((await stage.run(runId)).ended_at).toBeNull();
  expect([await totalOf(granted), await totalOf(ended)]).toEqual(before);

  await mend();
  await stage.pass(10 * 60_000, 60_000);
  expect((await stage.run(runId)).status).toBe('stopped');
  expect(await totalOf(ended)).toBe((before[1] ?? 0) + 1);
});
