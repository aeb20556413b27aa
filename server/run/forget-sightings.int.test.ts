import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import { forgetSightings } from './forget-sightings';

const DAY_MS = 86_400_000;
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-01-10T12:00:00Z') });
  stage.kind = 'silent';
});
afterAll(() => stage.world.close());

const told = async (runId: string) =>
  (await stage.ctx.sql`select 1 from provider_event where run_id = ${runId}`).length;

it('SESSION-93 what the provider told of a run goes half a year after it was heard, and not while the run is open', async () => {
  const ended = await stage.started(await stage.account());
  const open = await stage.started(await stage.account());
  await stage.pass(3_000, 1_000);
  // The provider answers nothing for it, so it stays open whatever its lease.
  const { get } = stage.provider;
  stage.provider.get = async (app, id) =>
    id === open.machine.id
      ? { ok: false, failure: { kind: 'unavailable', message: 'away' } }
      : get.call(stage.provider, app, id);
  stage.provider.end(ended.machine);
  await stage.pass(20 * 60_000, 60_000);
  expect((await stage.run(ended.runId)).status).toBe('stopped');
  const [endedBefore, openBefore] = [await told(ended.runId), await told(open.runId)];
  expect(Math.min(endedBefore, openBefore)).toBeGreaterThan(0);

  await stage.jumpTo(stage.now + 179 * DAY_MS);
  expect(await forgetSightings(stage.ctx)).toBe(0);
  await stage.jumpTo(stage.now + 2 * DAY_MS);
  expect(await forgetSightings(stage.ctx)).toBeGreaterThanOrEqual(endedBefore);
  expect(await told(ended.runId)).toBe(0);
  expect(await told(open.runId)).toBe(openBefore);
  expect((await stage.run(ended.runId)).used_ms).toBeGreaterThan(0);
});
