import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import { inTx } from '../context';
import { findDrift } from '../quota/find-drift';
import { lockAccount } from '../quota/load-account';
import { renewLease } from './moves/renew';
import { requestStop } from './moves/request-stop';
import { saveRun } from './save-run';

let stage: Stage;
let statements: string[] = [];
beforeAll(async () => {
  stage = await Stage.open({
    startAt: Date.parse('2026-11-10T10:00:00Z'),
    onStatement: (text) => statements.push(text.replaceAll(/\s+/g, ' ').trim()),
  });
});
afterAll(() => stage.world.close());

const writesOf = (table: string) =>
  statements.filter((text) => new RegExp(`^(update|insert into|delete from) "?${table}"? `).test(text))
    .length;

async function running() {
  const accountId = await stage.account({ planId: 'max' });
  const made = await stage.started(accountId);
  await stage.pass(1_000);
  await stage.call(made.runId, 0, 'running');
  return { accountId, ...made };
}

describe('what a decision changes of a run', () => {
  it('SESSION-81 is written once for a renewal, and its lease once', async () => {
    const { runId } = await running();
    await stage.pass(5 * 60_000);
    const before = await stage.run(runId);
    statements = [];
    expect(await stage.call(runId, 1, 'renew', { metrics: { cpuPercent: 3 } })).toMatchObject({
      action: 'run',
    });
    expect({ run: writesOf('run'), lease: writesOf('lease') }).toEqual({ run: 1, lease: 1 });
    expect((await stage.run(runId)).lease_until).toBeGreaterThan(before.lease_until);
    expect(await findDrift(stage.ctx.sql)).toEqual([]);
  });

  it('SESSION-81 is written once for a start that the machine itself proves, and for a stop it is told of', async () => {
    const accountId = await stage.account({ planId: 'max' });
    const { runId, machine } = await stage.started(accountId);
    await stage.pass(50);
    const { events } = machine;
    machine.events = [];
    statements = [];
    await stage.call(runId, 0, 'running');
    // One write for the read of the provider that showed no start yet, one for the call.
    expect(writesOf('run')).toBe(2);
    expect((await stage.run(runId)).status).toBe('running');
    machine.events = events;
    await stage.ctx.sql`update account set status = 'blocked' where id = ${accountId}`;
    await stage.pass(5 * 60_000);
    statements = [];
    expect(await stage.call(runId, 1, 'renew')).toMatchObject({ action: 'stop', reason: 'blocked' });
    expect(writesOf('run')).toBe(1);
  });

  it.each([
    ['stopping', "update run set status = 'stopping' where id = $1"],
    ['gone', 'update run set ended_at = hg_clock(), due_at = null, status = $$stopped$$ where id = $1'],
  ])('SESSION-81 is written wholly or not at all: a run that is %s under the lock', async (_, tamper) => {
    const { accountId, runId } = await running();
    await stage.pass(5 * 60_000);
    const before = [await stage.run(runId), await stage.sums(accountId, '2026-11')];
    const failure = await inTx(stage.ctx, async (tx) => {
      const state = await lockAccount(tx, accountId);
      const [run] = state.openRuns;
      if (!run) throw new Error('no run');
      await tx.sql.unsafe(tamper, [runId]);
      await saveRun(tx, state, run, renewLease(tx.env, state, run));
    }).catch((error) => String(error));
    expect(failure).toContain(`The run ${runId} is not as its account's lock showed it.`);
    expect([await stage.run(runId), await stage.sums(accountId, '2026-11')]).toEqual(before);
    expect(await findDrift(stage.ctx.sql)).toEqual([]);
  });

  it('SESSION-81 that changes nothing sends nothing', async () => {
    const { accountId, runId } = await running();
    await inTx(stage.ctx, async (tx) => {
      const state = await lockAccount(tx, accountId);
      const run = state.openRuns.find(({ id }) => id === runId);
      if (!run) throw new Error('no run');
      await saveRun(tx, state, run, requestStop(state, run, 'user'));
      statements = [];
      await saveRun(tx, state, run, requestStop(state, run, 'deleted'));
      expect(statements).toEqual([]);
      expect(run).toMatchObject({ status: 'stopping', endReason: 'user', stopRequestedAt: state.now });
    });
    expect(await stage.run(runId)).toMatchObject({ status: 'stopping', end_reason: 'user' });
  });
});
