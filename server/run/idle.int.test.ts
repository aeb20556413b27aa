import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import { inTx } from '../context';
import { applyPlan } from '../quota/apply-plan';
import { createSession } from '../session/create';
import { keepAwake } from '../session/keep-awake';
import { readSession } from '../session/read-sessions';
import { updateSession } from '../session/update';

const START = Date.parse('2026-11-10T10:00:00Z');
const MIN = 60_000;
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open({ startAt: START });
});
afterAll(() => stage.world.close());

const iso = (ms: number) => new Date(ms).toISOString();

/** Returns a running session of a new account; the test makes the calls of its machine. */
async function running(planId = 'starter') {
  const accountId = await stage.account({ planId });
  const started = await stage.started(accountId);
  await stage.pass(1_000);
  let seq = 0;
  const call = (more: object = {}) => stage.call(started.runId, seq++, seq === 1 ? 'running' : 'renew', more);
  await call();
  const session = () => readSession(stage.ctx.sql, accountId, started.sessionId);
  const stopsIn = async () => Math.round((Date.parse((await session()).stopsAt ?? '') - stage.now) / MIN);
  return { ...started, accountId, call, session, stopsIn };
}

const problem = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error) => ({ reason: error.reason, fields: Object.keys(error.details?.fields ?? {}) }),
  );
const REFUSED = { reason: 'INVALID_INPUT', fields: ['idleStopSeconds'] };

describe('the idle stop of a session', () => {
  it('SESSION-53 is chosen at creation and later, within the plan; the plan decides without a choice', async () => {
    const accountId = await stage.account({ planId: 'starter' });
    const create = (idleStopSeconds?: number) =>
      createSession(stage.ctx, { accountId, name: 'x', idleStopSeconds });
    expect((await create()).idleStopSeconds).toBe(1_800);
    const { id } = await create(7_200);
    const update = (idleStopSeconds: number | null) =>
      updateSession(stage.ctx, { accountId, sessionId: id, idleStopSeconds });
    expect((await update(3_600)).idleStopSeconds).toBe(3_600);
    expect(await problem(create(899))).toEqual(REFUSED);
    expect(await problem(update(14_401))).toEqual(REFUSED);
    expect(await readSession(stage.ctx.sql, accountId, id)).toMatchObject({
      idleStopSeconds: 3_600,
      keepAwakeUntil: null,
      lastWorkAt: null,
      stopCause: null,
    });
    expect((await update(null)).idleStopSeconds).toBe(1_800);
    const free = await stage.account();
    expect(
      await problem(createSession(stage.ctx, { accountId: free, name: 'x', idleStopSeconds: 1_800 })),
    ).toEqual(REFUSED);
  });

  it('SESSION-53 of a running session holds at once, is told to its machine, and is cut when the plan gets smaller', async () => {
    const { accountId, sessionId, call, session, stopsIn } = await running();
    expect(await stopsIn()).toBe(30);
    await updateSession(stage.ctx, { accountId, sessionId, idleStopSeconds: 7_200, name: 'longer' });
    expect(await stopsIn()).toBe(120);
    await stage.pass(5 * MIN);
    expect(await call()).toMatchObject({ action: 'run', idleMs: 7_200_000, idleMaxMs: 14_400_000 });
    await inTx(stage.ctx, (tx) => applyPlan(tx, accountId, 'free'));
    expect(await session()).toMatchObject({ idleStopSeconds: 900, name: 'longer', stopCause: 'idle' });
    expect(await stopsIn()).toBe(10);
  });

  it('SESSION-53 that was shortened ends a session whose machine does not ask', async () => {
    const { accountId, sessionId, call, session } = await running();
    await updateSession(stage.ctx, { accountId, sessionId, idleStopSeconds: 3_600 });
    for (let i = 0; i < 5; i++) {
      await stage.pass(4 * MIN);
      await call();
    }
    expect((await session()).status).toBe('running');
    await updateSession(stage.ctx, { accountId, sessionId, idleStopSeconds: 900 });
    await stage.pass(17_000, 1_000);
    expect(await session()).toMatchObject({ status: 'stopped', endReason: 'idle' });
  });

  it('SESSION-80 is not why a session ended whose machine had died before anybody asked it to stop', async () => {
    const { sessionId, accountId, machine, call, session } = await running();
    await updateSession(stage.ctx, { accountId, sessionId, idleStopSeconds: 900 });
    for (let i = 0; i < 3; i++) {
      await stage.pass(4 * MIN);
      await call();
    }
    await stage.pass(2.5 * MIN);
    stage.provider.end(machine);
    await stage.pass(MIN);
    expect(await call()).toMatchObject({ action: 'stop', reason: 'idle' });
    await stage.pass(5_000, 1_000);
    expect(await session()).toMatchObject({
      status: 'stopped',
      endReason: 'machine_exit',
      stoppedAt: iso(machine.endedAt ?? 0),
    });
  });

  it('SESSION-54 work puts it off, a keystroke too, and both are shown', async () => {
    const { call, session, stopsIn } = await running();
    for (let i = 0; i < 10; i++) {
      await stage.pass(4 * MIN);
      expect(await call({ lastWorkAt: iso(stage.now - 10_000) })).toMatchObject({ action: 'run' });
    }
    expect(await session()).toMatchObject({ lastWorkAt: iso(stage.now - 10_000), lastActiveAt: null });
    expect(await stopsIn()).toBe(30);
    for (let i = 0; i < 6; i++) {
      await stage.pass(5 * MIN);
      await call();
    }
    expect((await session()).endReason ?? (await session()).stopCause).toBe('idle');
  });

  it('SESSION-55 a machine that says it works for ever is stopped when nobody has typed for the longest time', async () => {
    const { call, session } = await running();
    const [typedAt, claim] = [stage.now, () => ({ lastWorkAt: iso(stage.now + 3_600_000) })];
    let answer = await call({ lastInputAt: iso(typedAt) });
    while (answer.action === 'run' && stage.now < typedAt + 300 * MIN) {
      await stage.pass(4 * MIN);
      answer = await call(claim());
    }
    expect(answer).toMatchObject({ action: 'stop', reason: 'idle' });
    expect((stage.now - typedAt) / MIN).toBe(240);
    expect((await session()).stopCause).toBe('idle');
  });

  it('SESSION-56 is put off by one call, for as long as the plan allows, and that is taken back', async () => {
    const { accountId, sessionId, call, session, stopsIn } = await running();
    const keep = (seconds: number) => keepAwake(stage.ctx, { accountId, sessionId, seconds });
    expect((await keep(3_600)).keepAwakeUntil).toBe(iso(stage.now + 60 * MIN));
    expect(await stopsIn()).toBe(60);
    for (let i = 0; i < 6; i++) {
      await stage.pass(5 * MIN);
      expect(await call()).toMatchObject({ action: 'run', awakeMs: (55 - 5 * i) * MIN });
    }
    expect((await keep(86_400)).keepAwakeUntil).toBe(iso(stage.now + 240 * MIN));
    await keep(0);
    expect((await session()).keepAwakeUntil).toBeNull();
    expect(await call()).toMatchObject({ action: 'stop', reason: 'idle' });
    const stranger = await stage.account();
    expect(
      await problem(keepAwake(stage.ctx, { accountId: stranger, sessionId, seconds: 60 })),
    ).toMatchObject({
      reason: 'NOT_FOUND',
    });
  });

  it('SESSION-56 on the free plan it is put off by no more than its idle stop at a time', async () => {
    const { accountId, sessionId } = await running('free');
    await stage.pass(10 * MIN);
    const kept = await keepAwake(stage.ctx, { accountId, sessionId, seconds: 3_600 });
    expect(kept.keepAwakeUntil).toBe(iso(stage.now + 15 * MIN));
  });
});

describe('a call between two renewals', () => {
  it('SESSION-57 makes the time that is shown true, and grants, charges and locks nothing', async () => {
    const { runId, call, session } = await running();
    const facts = async () => {
      const [row] = await stage.ctx.sql`
        select metered_to, lease_until, used_ms,
          (select count(*) from usage_entry where run_id = ${runId}) as entries from run where id = ${runId}`;
      return row;
    };
    await stage.pass(30_000);
    const before = await facts();
    const answer = await call({ lastInputAt: iso(stage.now - 1_000) });
    expect(answer).toMatchObject({ action: 'run', leaseMs: 870_000, final: false });
    expect((await session()).stopsAt).toBe(iso(stage.now - 1_000 + 30 * MIN));
    expect(await facts()).toEqual(before);
    // The same call again, or an older one, changes nothing and gets the same answer.
    const [{ agent_seq } = { agent_seq: 0 }] = await stage.ctx
      .sql`select agent_seq from run where id = ${runId}`;
    expect(await stage.call(runId, agent_seq, 'renew', { lastInputAt: iso(stage.now) })).toEqual(answer);
    expect((await session()).lastActiveAt).toBe(iso(stage.now - 1_000));
  });

  it('SESSION-57 of another life, of a run that was stopped, or of a blocked account is decided as ever', async () => {
    const { accountId, runId, call, sessionId, session } = await running();
    await stage.pass(10_000);
    await stage.ctx.sql`update account set status = 'blocked' where id = ${accountId}`;
    expect(await call()).toMatchObject({ action: 'stop', reason: 'blocked' });
    const other = await running();
    await stage.pass(10_000);
    expect(await stage.call(other.runId, 9, 'renew', { bootId: 'second' })).toMatchObject({ action: 'stop' });
    expect([runId, sessionId, (await session()).status]).toEqual([runId, sessionId, 'stopping']);
  });
});
